// Package transform exports a transform.
package transform

import (
	"framebox"
	export "framebox/bindings/exports/export_framebox_video_transform"
	_ "framebox/bindings/exports/lifecycle"
	_ "framebox/bindings/exports/transform"
)

// Export sets the handler of this program; call it in an init function.
func Export(handler framebox.Transformer) {
	framebox.Current = handler
	export.Handler = handler
}
