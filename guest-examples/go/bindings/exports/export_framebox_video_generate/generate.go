// Package export_framebox_video_generate asks the program's handler for frames.
package export_framebox_video_generate

import (
	"time"

	"framebox"
	"framebox/bindings/imports/framebox_video_media"
	"framebox/bindings/imports/framebox_video_types"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

var Handler framebox.Generator

func Next(nowUs int64, out *framebox_video_media.Output, _ framebox_video_types.Budget) wit.Result[wit.Unit, framebox_video_types.Stop] {
	// What was lent has to be given back.
	defer framebox.Done()
	defer out.Drop()
	return framebox.Stop(Handler.Next(time.Duration(nowUs)*time.Microsecond, framebox.OutputOf(out)))
}
