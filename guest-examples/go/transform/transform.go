// Package transform exports a handler that makes something of each frame.
package transform

import (
	"framebox"
	export "framebox/bindings/exports/export_framebox_video_transform"
	_ "framebox/bindings/exports/lifecycle"
	_ "framebox/bindings/exports/transform"
)

// Export makes it the handler of this program; called by an init function.
func Export(handler framebox.Transformer) {
	framebox.Current = handler
	export.Handler = handler
}
