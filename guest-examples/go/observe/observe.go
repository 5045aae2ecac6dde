// Package observe exports an observer.
package observe

import (
	"framebox"
	export "framebox/bindings/exports/export_framebox_video_observe"
	_ "framebox/bindings/exports/lifecycle"
	_ "framebox/bindings/exports/observe"
)

// Export sets the handler of this program; call it in an init function.
func Export(handler framebox.Observer) {
	framebox.Current = handler
	export.Handler = handler
}
