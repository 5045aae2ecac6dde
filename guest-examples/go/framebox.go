// Package framebox is a thin library over the bindings: parameters, values and pictures in plain Go.
//
// A handler is a type with the methods of a [Transformer], a [Generator] or an [Observer], handed to transform.Export,
// generate.Export or observe.Export in an init function; its main function is empty.
package framebox

import (
	"errors"
	"runtime"
	"runtime/debug"
	"time"

	"framebox/bindings/imports/framebox_video_media"
	"framebox/bindings/imports/framebox_video_types"

	witRuntime "go.bytecodealliance.org/pkg/wit/runtime"
	wit "go.bytecodealliance.org/pkg/wit/types"
)

// Handler is the part that all kinds of handlers share.
type Handler interface {
	// Describe returns the descriptor; always the same.
	Describe() Descriptor
	// Configure sets parameters: all of them at the start, later those that change.
	Configure(Settings) error
}

// Transformer processes each frame.
type Transformer interface {
	Handler
	Process(input Frame, out Output) error
}

// Generator generates video.
type Generator interface {
	Handler
	// Next generates the frame for a time since the start of the stream.
	Next(now time.Duration, out Output) error
}

// Observer analyses each frame and puts values.
type Observer interface {
	Handler
	Consume(input Frame, out Output) error
}

// Current is the handler of this program.
var Current Handler

type (
	Descriptor = framebox_video_types.Descriptor
	Parameter  = framebox_video_types.Parameter
	Spec       = framebox_video_types.OutputSpec
	Size       = framebox_video_types.Size
	Rect       = framebox_video_types.Rect
	Info       = framebox_video_types.FrameInfo
	Format     = framebox_video_types.PixelFormat
)

// Formats of pixels.
const (
	RGBA8 Format = iota
	RGB8
	Gray8
	I420
	NV12
)

// Kinds of outputs.
const (
	AsNumber uint8 = iota
	AsGauge
	AsText
	AsJSON
	AsImage
	AsTable
	AsPlot
)

// Integer is a slider for integers, with an optional unit.
func Integer(id, label string, from, to, start int64, unit ...string) Parameter {
	return parameter(id, label, framebox_video_types.MakeParameterKindInteger(
		framebox_video_types.IntegerSpec{Min: from, Max: to, Step: 1, Default: start, Unit: first(unit)}))
}

// Number is a slider for real numbers, with an optional unit.
func Number(id, label string, from, to, step, start float64, unit ...string) Parameter {
	return parameter(id, label, framebox_video_types.MakeParameterKindNumber(
		framebox_video_types.NumberSpec{Min: from, Max: to, Step: step, Default: start, Unit: first(unit)}))
}

// Toggle is a switch.
func Toggle(id, label string, start bool) Parameter {
	return parameter(id, label, framebox_video_types.MakeParameterKindToggle(start))
}

// Option is an option of a [Choice].
type Option = framebox_video_types.Choice

// Choice is a selection of one of several options; the first is the default.
func Choice(id, label string, options ...Option) Parameter {
	return parameter(id, label, framebox_video_types.MakeParameterKindChoice(
		framebox_video_types.ChoiceSpec{Options: options, Default: options[0].Id}))
}

// Color is a colour, #rrggbb.
func Color(id, label, start string) Parameter {
	return parameter(id, label, framebox_video_types.MakeParameterKindColor(start))
}

// Button is an event: Settings contain true for each press.
func Button(id, label string) Parameter {
	return parameter(id, label, framebox_video_types.MakeParameterKindButton())
}

func parameter(id, label string, kind framebox_video_types.ParameterKind) Parameter {
	return Parameter{Id: id, Label: label, Help: wit.None[string](), Group: wit.None[string](), Kind: kind}
}

// Declare declares an additional output, with an optional unit.
func Declare(id, label string, kind uint8, unit ...string) Spec {
	return Spec{Id: id, Label: label, Kind: kind, Unit: first(unit)}
}

func first(unit []string) wit.Option[string] {
	if len(unit) == 0 {
		return wit.None[string]()
	}
	return wit.Some(unit[0])
}

// Describe returns a descriptor without a preferred size or frame rate.
func Describe(title, summary string, parameters []Parameter, outputs []Spec) Descriptor {
	return Descriptor{
		Title: title, Summary: summary, Parameters: parameters, Outputs: outputs,
		Size: wit.None[Size](), Fps: wit.None[float32](),
	}
}

// Settings are parameters by id: bool, int64, float64 or string, according to their kind.
type Settings map[string]any

// SettingsOf converts the parameters of the bindings.
func SettingsOf(list []framebox_video_types.NamedValue) Settings {
	settings := Settings{}
	for _, named := range list {
		switch named.Value.Tag() {
		case framebox_video_types.Value_Boolean:
			settings[named.Id] = named.Value.Boolean()
		case framebox_video_types.Value_Integer:
			settings[named.Id] = named.Value.Integer()
		case framebox_video_types.Value_Number:
			settings[named.Id] = named.Value.Number()
		case framebox_video_types.Value_Text:
			settings[named.Id] = named.Value.Text()
		}
	}
	return settings
}

// Frame is a picture of the host, borrowed for one call.
type Frame struct{ *framebox_video_media.Frame }

// Sample returns a scaled copy of the whole picture.
func (f Frame) Sample(format Format, to Size) []byte {
	return f.Frame.Sample(format, wit.None[Rect](), wit.Some(to))
}

// Output is the destination of the results of one call.
type Output struct{ out *framebox_video_media.Output }

// OutputOf wraps the output of the bindings.
func OutputOf(out *framebox_video_media.Output) Output { return Output{out} }

// Pixels shows a picture.
func (o Output) Pixels(size Size, format Format, data []byte) error {
	return failure(o.out.Pixels(size, format, data))
}

// Patch draws over a part of the picture.
func (o Output) Patch(at Rect, format Format, data []byte) error {
	return failure(o.out.Patch(at, format, data))
}

// Show shows a picture of the host without copying it.
func (o Output) Show(picture Frame) error { return failure(o.out.Show(picture.Frame)) }

// Put sets an additional output: bool, int64, float64 or string.
func (o Output) Put(id string, value any) error {
	switch value := value.(type) {
	case bool:
		return failure(o.out.Put(id, framebox_video_types.MakeValueBoolean(value)))
	case int64:
		return failure(o.out.Put(id, framebox_video_types.MakeValueInteger(value)))
	case float64:
		return failure(o.out.Put(id, framebox_video_types.MakeValueNumber(value)))
	case string:
		return failure(o.out.Put(id, framebox_video_types.MakeValueText(value)))
	}
	return errors.New("a value must be a bool, int64, float64 or string")
}

func failure(result wit.Result[wit.Unit, string]) error {
	if result.IsErr() {
		return errors.New(result.Err())
	}
	return nil
}

// Answer converts an error to the result of init and configure.
func Answer(err error) wit.Result[wit.Unit, string] {
	if err != nil {
		return wit.Err[wit.Unit](err.Error())
	}
	return wit.Ok[wit.Unit, string](wit.Unit{})
}

// Stop converts an error to the result of a call for a frame.
func Stop(err error) wit.Result[wit.Unit, framebox_video_types.Stop] {
	if err != nil {
		return wit.Err[wit.Unit](framebox_video_types.MakeStopFailed(err.Error()))
	}
	return wit.Ok[wit.Unit, framebox_video_types.Stop](wit.Unit{})
}

// Number of calls between two garbage collections.
const calls = 8

var sinceCollection int

func init() {
	// A collection while the host allocates memory would trap, so only Done collects.
	debug.SetGCPercent(-1)
}

// Done ends a call for a frame: it unpins the memory of the arguments, and collects garbage on every eighth call.
func Done() {
	witRuntime.Unpin()
	if sinceCollection++; sinceCollection == calls {
		sinceCollection = 0
		runtime.GC()
	}
}
