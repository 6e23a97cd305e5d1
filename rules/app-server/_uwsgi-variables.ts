import type { AppServerProgram } from '../../src/deployment/model.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { hasUwsgiOption, misspeltUwsgiOption } from '../../parsers/app-server/uwsgi-option-names.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { everyFileBelow, sourceAt } from '../../src/files/file-system.ts'

interface WrittenVariable {
  readonly name: string
  /** Name and value. */
  readonly at: Place
}

export interface MisspeltVariable {
  /** Of the name alone. */
  readonly at: Place
  readonly name: string
  /** The option that uWSGI takes it for. */
  readonly option: string
  /** The name of the variable that is meant. */
  readonly meant: string
}

/**
 * The variables of a uWSGI that it takes for options which it does not have. It takes each whose name begins with
 * `UWSGI_` for one, in small letters and with dashes.
 *
 * @see https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html#environment-variables
 */
export function* misspeltVariables(program: AppServerProgram): Iterable<MisspeltVariable> {
  for (const { name, at } of variablesOf(program)) {
    const option = optionOf(name)
    const meant = option === null ? null : (misspeltUwsgiOption(option) ?? misspeltShortOption(option))
    const start = at.source.text.indexOf(name, at.start)
    if (option === null || meant === null || start < 0 || start >= at.end || isReadBesides(program, name, at))
      continue
    yield {
      at: { source: at.source, start, end: start + name.length },
      name,
      option,
      meant: `UWSGI_${meant.toUpperCase().replaceAll('-', '_')}`,
    }
  }
}

function optionOf(name: string): string | null {
  return /^UWSGI_[A-Z_\d]+$/.test(name)
    ? name.slice('UWSGI_'.length).toLowerCase().replaceAll('_', '-')
    : null
}

/** In a file such a word may be a placeholder of its own; a variable that nothing reads is none. */
function misspeltShortOption(option: string): string | null {
  return hasUwsgiOption(option) ? null : (SHORT.find(each => isSlip(each, option, 1)) ?? null)
}

const SHORT = ['chdir', 'module', 'master', 'vacuum', 'socket']

function variablesOf({ service, machine: { container } }: AppServerProgram): readonly WrittenVariable[] {
  if (service !== null) return service.environment
  return container === null ? [] : [...container.service.environment, ...(container.image?.environment ?? [])]
}

/** True where a command, a script or a configuration names it, too: it is filled in there. */
function isReadBesides(
  { server, machine: { container } }: AppServerProgram,
  name: string,
  at: Place,
): boolean {
  const word = new RegExp(`(?<![A-Za-z\\d_])${name}(?![A-Za-z\\d_])(?!\\s*[=:])`)
  const context = container?.service.build?.context
  const scripts =
    context?.known === true && container !== null ? scriptsIn(container.hostFiles, context.value) : []
  // Of an image that is built elsewhere nobody knows what its own script reads.
  if (scripts === null || (container !== null && container.service.build === null && !container.isAlone))
    return true
  return [at.source, ...server.sources, ...scripts].some(({ text }) => word.test(text))
}

/** The files of a context that may fill in variables; null where they are too many to read. */
function scriptsIn(files: Parameters<typeof sourceAt>[0], directory: string): readonly Source[] | null {
  const paths = everyFileBelow(files, directory, {
    levels: 5,
    skipped: /^(?:\.git|node_modules|tests?|docs?|static|media)$/,
    most: 200,
    isWanted: name =>
      /\.(?:sh|ini|conf|py|j2|tmpl|tpl|template|ya?ml)$|^(?:Dockerfile|Makefile|[\w-]+)$/.test(name),
  })
  return paths?.flatMap(path => sourceAt(files, path) ?? []) ?? null
}
