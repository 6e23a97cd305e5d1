import type { Source } from '../../../parsers/text/source.ts'
import type { DemandedVariable } from './demanded-variables.ts'
import type { DjangoSettings, WsgiScript } from './settings.ts'

/** The Python module that an application server loads. */
export interface LoadedModule {
  /** As the command names it: `shop.wsgi`. */
  readonly module: string
  /** What is taken from it: `application`; null where the command names none. */
  readonly attribute: string | null
  /** Its file; `missing` where it is certainly not there, null where nobody knows. */
  readonly source: Source | 'missing' | null
  readonly script: WsgiScript | null
  /** Directories in which it is looked for, the best first; null where one of them is not known. */
  readonly searchPath: readonly string[] | null
  /** The directory beside the searched one that has the module, where it is `missing`; null where none does. */
  readonly near: string | null
  /** The module of one file inside of which it is looked for, where it is `missing` for that; null otherwise. */
  readonly inside: string | null
  /** The module of that name in the only package of the project that has one, where it is `missing`; null otherwise. */
  readonly other: string | null
  /** The settings of Django that it runs with; null where it names none, or they are not in the audit. */
  readonly settings: DjangoSettings | null
  /** Other settings of the same project, with which it is not started here. */
  readonly beside: () => readonly DjangoSettings[]
  /** The file of the settings. */
  readonly settingsSource: Source | null
  /** Variables of the environment without which its settings cannot be loaded; empty where they may read a file. */
  readonly demanded: readonly DemandedVariable[]
  /** Those of them that nothing sets where the server is started. */
  readonly missing: readonly DemandedVariable[]
}
