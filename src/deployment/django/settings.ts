import type { PythonExpression } from '../../../parsers/python/python-module.ts'
import type { PythonValue } from '../../../parsers/python/python-value.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import type { Fact } from '../../servers/fact.ts'
import type { DefaultAsType } from './environment-mistakes.ts'
import type { EnvironmentMisread } from './environment-misreads.ts'
import type { MixedAddition } from './sequence-kinds.ts'

/** A value of a settings module. */
export type SettingValue = PythonValue

/** What is known of the settings that one WSGI script runs with. */
export interface DjangoSettings {
  /** Dotted, as in `shop.settings`. */
  readonly module: string
  /** Paths of the files that were read, the module itself first. */
  readonly files: readonly string[]
  /** The file of a value that was not followed to its end, and why; null where every value was. */
  readonly limit: { readonly path: string; readonly reason: string } | null
  /**
   * The value of a setting where it is assigned, unknown where a condition, the environment or a file that
   * was not read decides, and null where nothing assigns it, so that Django's own default holds.
   */
  get(name: string): Fact<SettingValue> | null
  /** Names that its files read where nothing has given them, each surely and first there. */
  readonly undefinedNames: readonly { readonly name: string; readonly at: Place }[]
  /** Every line that assigns or lengthens a name, whatever decides whether it runs. */
  readonly assigned: readonly AssignedName[]
  /** Sums of a list, a tuple or a text with another of them. */
  readonly mixedAdditions: readonly (MixedAddition & { readonly conditional: boolean })[]
  /** Every `from … import *` of its files. */
  readonly starImports: readonly StarImport[]
  /** Defaults that django-environ takes for types. */
  readonly defaultsAsTypes: readonly DefaultAsType[]
  /** What reads the environment in a way that Python refuses. */
  readonly misreads: readonly (EnvironmentMisread & { readonly conditional: boolean })[]
  /** The first text of a file that no Python takes; null where all are Python. */
  readonly brokenAt: Place | null
  /** The names that its files assign. */
  readonly names: ReadonlySet<string>
  /** What is assigned to a setting by the one line that surely holds; null where none does, or several together. */
  expressionOf(name: string): AssignedExpression | null
}

/** `from base import *`, and the file that is taken for the module; null where none is. */
export interface StarImport {
  /** With its leading dots. */
  readonly module: string
  /** The path of the file that imports it. */
  readonly from: string
  readonly found: string | null
  readonly conditional: boolean
  /** The name of the module. */
  readonly at: Place
}

/** The directory from which a project's modules are imported; null where its settings lie at another path than their name says. */
export function projectDirectory({ module, files }: DjangoSettings): string | null {
  const [own] = files
  const path = module.replaceAll('.', '/')
  const ending = [`/${path}.py`, `/${path}/__init__.py`].find(each => own?.endsWith(each) === true)
  return own === undefined || ending === undefined ? null : own.slice(0, -ending.length) || '/'
}

/** The right side of an assignment, and the file in which it stands. */
export interface AssignedExpression {
  readonly expression: PythonExpression
  readonly source: Source
}

/** A line that gives a name a value, or more of it. */
export interface AssignedName extends AssignedExpression {
  readonly name: string
  /** The method that takes the expression: `append` of `NAME.append(…)`; null for what is assigned or added. */
  readonly method: string | null
  /** True where a condition decides whether it runs. */
  readonly conditional: boolean
}

/** What a WSGI script says of its application. */
export interface WsgiScript {
  /** The settings module that it names; null where it names none or computes it. */
  readonly settingsModule: {
    readonly name: string
    readonly how: 'assigned' | 'setdefault'
    readonly at: Place
  } | null
  /** Directories that it adds to `sys.path`, in their order. */
  readonly path: readonly string[]
  /** True where it does more to the path than these calls say, or may. */
  readonly pathIsOpen: boolean
  /** Module-level names that it defines, `application` among them where all is well. */
  readonly names: ReadonlySet<string>
  /** Where each of them is bound first, the whole statement. */
  readonly bound: ReadonlyMap<string, Place>
  /**
   * What is called to make each of them, where that is all that happens to it: `FastAPI` of `app = FastAPI()`; and what
   * a function returns, as `create_app()`.
   */
  readonly made: ReadonlyMap<string, string>
  /** What Werkzeug's `ProxyFix` around it is told to trust; null where there is none, or not all of it is plain. */
  readonly proxyFix: ProxyFix | null
  /** What it sets of the configuration of Flask: `MAX_CONTENT_LENGTH` of `app.config['MAX_CONTENT_LENGTH']`. */
  readonly config: ReadonlyMap<string, Fact<SettingValue>>
  /** The packages that it imports, first parts alone: `pyramid` of `pyramid.paster`. */
  readonly packages: ReadonlyMap<string, Place>
  /** Those of them that it imports whatever happens: not inside of `try` or `if`. */
  readonly demanded: ReadonlySet<string>
  /** Every module that it imports, in full: `pyramid.paster`. */
  readonly imported: ReadonlySet<string>
  /** True where a name may come from elsewhere: a star import, or a file that is no Python 3. */
  readonly open: boolean
}

/** `x_for` and its siblings, as they are written: from how many proxies each takes a value. */
export type ProxyFix = readonly { readonly name: string; readonly count: number; readonly at: Place }[]
