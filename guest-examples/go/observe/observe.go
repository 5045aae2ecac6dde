// Package observe exports a handler that looks at each frame.
package observe

import (
	"framebox"
	export "framebox/bindings/exports/export_framebox_video_observe"
	_ "framebox/bindings/exports/lifecycle"
	_ "framebox/bindings/exports/observe"
)

// Export makes it the handler of this program; called by an init function.
func Export(handler framebox.Observer) {
	framebox.Current = handler
	export.Handler = handler
}
