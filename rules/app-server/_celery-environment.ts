import type { PythonExpression } from '../../parsers/python/python-module.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { loadsDotenv } from '../../src/deployment/django/dotenv-files.ts'
import { celeryConfiguration, celeryModules } from '../../src/deployment/django/celery-configuration.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Deployment, StartedCommand } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { celeryCommand, celeryOption } from './_celery.ts'

/** Workers of Celery without a variable that the application server of the same project has. */
export function* celeryWithoutVariables(deployment: Deployment): Iterable<RuleFinding> {
  for (const command of deployment.commands) {
    const celery = celeryCommand(command)
    if (celery === null || !/^(?:worker|beat)$/.test(celery.words[celery.command ?? -1]?.text ?? '')) continue
    for (const program of programsOfKind(deployment, 'app-server')) {
      const loaded = isOfOneProject(command, program) ? deployment.moduleOf(program) : null
      if (loaded?.settings == null || !loadsAlike(command, program, loaded)) continue
      const fault =
        missing(command, program, loaded) ??
        (celeryOption(celery, '-b', '--broker') === null
          ? withoutBroker(command, program, loaded.settings)
          : null)
      if (fault !== null) yield { at: placeOf(celery.program), ...fault }
      break
    }
  }
}

type Fault = Omit<RuleFinding, 'at'>

function missing(command: StartedCommand, program: AppServerProgram, loaded: LoadedModule): Fault | null {
  const names = loaded.demanded.filter(
    ({ name }) => command.environment(name) === null && given(program, name) !== null,
  )
  const [first] = names
  if (first === undefined) return null
  return {
    message: `nothing sets \`${[...new Set(names.map(({ name }) => name))].join('` and `')}\` where Celery is started, so it cannot boot: \`KeyError: '${first.name}'\``,
    label: `without what ${programName(program)} has`,
    related: names.slice(0, 5).map(({ at }) => ({ at, message: 'read here' })),
  }
}

/** A broker that a variable names for the one, and that is looked for in the container of the other. */
function withoutBroker(
  command: StartedCommand,
  program: AppServerProgram,
  settings: DjangoSettings,
): Fault | null {
  if (command.machine.container === null) return null
  const assigned = settings.expressionOf('CELERY_BROKER_URL')
  const read = assigned === null ? null : variableRead(assigned.expression)
  if (assigned === null || read === null || !isOwnLoopback(read.fallback)) return null
  const there = given(program, read.name)
  if (there?.known !== true || command.environment(read.name) !== null) return null
  const { source, expression } = assigned
  return {
    message: `\`${read.name}\` is set for ${programName(program)} and not for Celery, which looks for its broker in its own container: Connection refused`,
    label: `without what ${programName(program)} has`,
    related: [
      { at: { source, start: expression.start, end: expression.end }, message: 'read here' },
      ...(there.at === null ? [] : [{ at: there.at, message: 'set there' }]),
    ],
  }
}

/** `os.environ.get("NAME", "fallback")`. */
function variableRead(
  expression: PythonExpression,
): { readonly name: string; readonly fallback: string | null } | null {
  if (expression.kind !== 'call' || !/^(?:os\.)?(?:environ\.get|getenv)$/.test(expression.callee)) return null
  const [name, fallback = expression.keywords.default] = expression.args
  if (name?.kind !== 'string') return null
  if (fallback === undefined || fallback.kind === 'none') return { name: name.value, fallback: null }
  return fallback.kind === 'string' ? { name: name.value, fallback: fallback.value } : null
}

/** Without any, Celery takes RabbitMQ at `localhost`. */
function isOwnLoopback(url: string | null): boolean {
  const host = url === null ? 'localhost' : /^[a-z+]+:\/\/(?:[^@/]*@)?([^:/?]+)/.exec(url)?.[1]
  return host !== undefined && isLoopback(parseHost(host)) === true
}

function given({ server, environment }: AppServerProgram, name: string) {
  return server.environment.find(each => each.name === name)?.value ?? environment(name)
}

/** One image of Python, or one directory of a machine. */
function isOfOneProject({ machine, directory }: StartedCommand, program: AppServerProgram): boolean {
  const [own, other] = [machine.container, program.machine.container]
  if (own !== null && other !== null) return own.project === other.project && isOneImage(own, other)
  if (own !== null || other !== null || program.by === null || machine !== program.machine) return false
  const there = program.server.directory ?? program.directory
  return directory?.known === true && there?.known === true && directory.value === there.value
}

function isOneImage(own: Container, other: Container): boolean {
  const builds = [own, other].map(({ service: { build } }) => build)
  const [a, b] = builds
  if (a == null || b == null || own.image === null || own.base !== 'python') return false
  const isAlike = (key: 'context' | 'dockerfile' | 'target'): boolean =>
    a[key]?.known !== false && b[key]?.known !== false && a[key]?.value === b[key]?.value
  return isAlike('context') && isAlike('dockerfile') && isAlike('target')
}

/** True where both load the same settings, and nothing but their environments says what is in them. */
function loadsAlike(command: StartedCommand, program: AppServerProgram, { settings }: LoadedModule): boolean {
  const files = program.machine.container?.files ?? program.machine.files
  if (settings === null || celeryConfiguration(files, settings) === null) return false
  const module = 'DJANGO_SETTINGS_MODULE'
  const [own, other] = [command.environment(module), given(program, module)]
  if (own?.known === false || other?.known === false || own?.value !== other?.value) return false
  return [...settings.files, ...celeryModules(files, settings)].every(path => {
    const source = sourceAt(files, path)
    return source !== null && !loadsDotenv(source)
  })
}
