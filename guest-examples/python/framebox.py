"""What makes a handler in Python shorter: parameters with defaults, descriptors, plain values.

The interface itself is in `wit_world.imports` (types, media, log, sources), as componentize-py makes it out of the WIT.
"""

from wit_world.imports import media
from wit_world.imports import types as t


def integer(id, label, low, high, default, step=1, unit=None, help=None):
    """A slider over whole numbers."""
    return _parameter(id, label, help, t.ParameterKind_Integer(t.IntegerSpec(low, high, step, default, unit)))


def number(id, label, low, high, default, step, unit=None, help=None):
    """A slider over real numbers."""
    return _parameter(id, label, help, t.ParameterKind_Number(t.NumberSpec(low, high, step, default, unit)))


def toggle(id, label, default=False, help=None):
    return _parameter(id, label, help, t.ParameterKind_Toggle(default))


def choice(id, label, options, default=None, help=None):
    """One of `options`, a dictionary of ids and labels; the first one is the default."""
    choices = [t.Choice(option, text) for option, text in options.items()]
    return _parameter(id, label, help, t.ParameterKind_Choice(t.ChoiceSpec(choices, default or choices[0].id)))


def color(id, label, default, help=None):
    """A colour; `default` is `#rrggbb`."""
    return _parameter(id, label, help, t.ParameterKind_Color(default))


def _parameter(id, label, help, kind):
    return t.Parameter(id, label, help, None, kind)


def output(id, label, kind="number", unit=None):
    """A value beside the picture; `kind` is number, gauge, text, json, image, table or plot."""
    return t.OutputSpec(id, label, t.OutputKind[kind.upper()], unit)


def descriptor(title, summary, parameters=(), outputs=(), size=None, fps=None):
    """What a handler says of itself. `size` is a pair."""
    return t.Descriptor(title, summary, list(parameters), list(outputs), size and t.Size(*size), fps)


def values(settings):
    """Parameters, as `init` and `configure` get them, as a dictionary."""
    return {named.id: named.value.value for named in settings}


def put(out: media.Output, id, value):
    """Puts a bool, int, float, str or list of numbers beside the picture."""
    # In this order: a bool is an int, too.
    for kind, make in _VALUES:
        if isinstance(value, kind):
            return out.put(id, make(value))
    raise TypeError(f"{type(value).__name__} is no kind of value")


_VALUES = (
    (bool, t.Value_Boolean),
    (int, t.Value_Integer),
    (float, t.Value_Number),
    (str, t.Value_Text),
    (list, t.Value_Numbers),
)
