// Package generate exports a generator.
package generate

import (
	"framebox"
	export "framebox/bindings/exports/export_framebox_video_generate"
	_ "framebox/bindings/exports/lifecycle"
	_ "framebox/bindings/exports/generate"
)

// Export sets the handler of this program; call it in an init function.
func Export(handler framebox.Generator) {
	framebox.Current = handler
	export.Handler = handler
}
