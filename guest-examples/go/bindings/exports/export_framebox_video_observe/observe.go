// Package export_framebox_video_observe forwards calls to the program's handler.
package export_framebox_video_observe

import (
	"framebox"
	"framebox/bindings/imports/framebox_video_media"
	"framebox/bindings/imports/framebox_video_types"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

var Handler framebox.Observer

func Consume(input *framebox_video_media.Frame, out *framebox_video_media.Output, _ framebox_video_types.Budget) wit.Result[wit.Unit, framebox_video_types.Stop] {
	// Borrowed handles must be dropped before the call returns.
	defer framebox.Done()
	defer input.Drop()
	defer out.Drop()
	return framebox.Stop(Handler.Consume(framebox.Frame{Frame: input}, framebox.OutputOf(out)))
}
