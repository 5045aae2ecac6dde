// Package generate exports a handler that makes a video.
package generate

import (
	"framebox"
	export "framebox/bindings/exports/export_framebox_video_generate"
	_ "framebox/bindings/exports/lifecycle"
	_ "framebox/bindings/exports/generate"
)

// Export makes it the handler of this program; called by an init function.
func Export(handler framebox.Generator) {
	framebox.Current = handler
	export.Handler = handler
}
