/** The names that every module of Python has, of Python 2 as well, since nobody knows which one runs. */
const NAMES: ReadonlySet<string> = new Set(
  `abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright
  credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash
  help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open
  ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type
  vars zip True False None NotImplemented Ellipsis WindowsError apply basestring buffer cmp coerce execfile file intern
  long raw_input reduce reload unichr unicode xrange get_ipython`.split(/\s+/),
)

/** True for a built-in name, an exception, and what Python itself gives a module. */
export function isBuiltin(name: string): boolean {
  return NAMES.has(name) || /^__\w+__$|^_$|(?:Error|Exception|Warning|Exit|Interrupt|Iteration)$/.test(name)
}
