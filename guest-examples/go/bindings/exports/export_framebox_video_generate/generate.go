// Package export_framebox_video_generate forwards calls to the program's generator.
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
	// Borrowed handles must be dropped before the call returns.
	defer framebox.Done()
	defer out.Drop()
	return framebox.Stop(Handler.Next(time.Duration(nowUs)*time.Microsecond, framebox.OutputOf(out)))
}
