// Package export_framebox_video_lifecycle forwards calls to the program's handler.
package export_framebox_video_lifecycle

import (
	"framebox"
	"framebox/bindings/imports/framebox_video_types"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

func Describe() framebox_video_types.Descriptor { return framebox.Current.Describe() }

func Init(settings []framebox_video_types.NamedValue) wit.Result[wit.Unit, string] {
	return Configure(settings)
}

func Configure(changed []framebox_video_types.NamedValue) wit.Result[wit.Unit, string] {
	return framebox.Answer(framebox.Current.Configure(framebox.SettingsOf(changed)))
}

func Close() {}
