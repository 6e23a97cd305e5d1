import type { ComposeService } from '../compose/compose.ts'
import type { DockerCommand } from '../dockerfile/dockerfile.ts'
import type { DockerImage } from '../dockerfile/image-of-stage.ts'
import { exampleOf } from '../dotenv/example-of.ts'
import { parseDotenv } from '../dotenv/parse-dotenv.ts'
import type { ProcfileEntry } from '../procfile/read-procfile.ts'
import type { SupervisorProgram } from '../supervisor/read-supervisor.ts'
import { execWords } from '../systemd/exec-command.ts'
import { serviceEnvironment } from '../systemd/service-environment.ts'
import type { ServiceUnit } from '../systemd/service-unit.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Source } from '../text/source.ts'
import { placeOf, type WrittenText, writtenFor } from '../text/written-text.ts'
import type { AppCommand } from './app-server.ts'

/** A command, and the account that it is started as: null where nobody says one. */
export interface OwnedCommand {
  readonly command: AppCommand
  readonly user: Fact<string> | null
}

type Read = (path: string) => Source | 'missing' | null
type Environment = AppCommand['environment']

const NOTHING_SET: Environment = () => null

/** Names that every process has, whatever their value. */
const EVERYWHERE = new Set(['PATH', 'HOME', 'HOSTNAME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'PWD', 'TERM'])

/** The commands of `ExecStart=`. */
export function commandsOfService(service: ServiceUnit, read: Read): readonly OwnedCommand[] {
  const { variables, complete, lookup } = serviceEnvironment(service, read)
  const environment: Environment = name => {
    const variable = variables.get(name)
    if (variable !== undefined) return variable.value
    if (lookup(name) === null) return null
    return unknown(complete ? 'systemd sets it' : 'a file that was not read may set it')
  }
  return service.start.map(exec => ({
    command: {
      words: execWords(exec, lookup),
      // The manager's own directory is the root.
      directory: service.workingDirectory ?? known('/'),
      environment,
    },
    user: service.user,
  }))
}

/**
 * The command of a container: entry point and command of the compose file, else of the image. Null where the
 * image that decides is not in the audit.
 *
 * @param service null for a container that is started without a compose file
 * @param image null where no Dockerfile of it is in the audit
 */
export function commandOfContainer(
  service: Pick<
    ComposeService,
    'entrypoint' | 'command' | 'workingDirectory' | 'user' | 'environment' | 'envFiles'
  > | null,
  image: DockerImage | null,
  read: Read,
): OwnedCommand | null {
  const words = containerWords(service, image)
  if (words.length === 0) return null
  return {
    command: {
      words,
      directory: service?.workingDirectory ?? image?.workingDirectory ?? null,
      environment: containerEnvironment(service, image, read),
    },
    user: service?.user ?? image?.user ?? null,
  }
}

function containerWords(
  service: Pick<ComposeService, 'entrypoint' | 'command'> | null,
  image: DockerImage | null,
): readonly WrittenText[] {
  const entrypoint = service?.entrypoint?.words ?? imageWords(image?.entrypoint ?? null, image)
  // An entry point of the compose file takes the image's command away; one in shell form takes no words.
  const fromImage = service?.entrypoint == null ? imageWords(image?.command ?? null, image) : []
  const takesWords = service?.entrypoint != null || image?.entrypoint?.form !== 'shell'
  const command = takesWords ? (service?.command?.words ?? fromImage) : []
  return [...entrypoint, ...command]
}

function imageWords(command: DockerCommand | null, image: DockerImage | null): readonly WrittenText[] {
  if (command === null) return []
  if (command.form === 'exec') return command.words
  return shellWords(command.script, image?.shell ?? null)
}

/** What images of Microsoft set: Kestrel listens on 8080 since .NET 8, and on 80 before. */
function variablesOfBase(image: DockerImage | null): readonly (readonly [string, string])[] {
  const base = image?.base.known === true ? image.base.value : ''
  const release = /^mcr\.microsoft\.com\/dotnet\/(?:nightly\/)?(?:aspnet|runtime|runtime-deps):(\d+)\./.exec(
    base,
  )
  if (release?.[1] === undefined) return []
  return Number(release[1]) >= 8 ? [['ASPNETCORE_HTTP_PORTS', '8080']] : [['ASPNETCORE_URLS', 'http://+:80']]
}

/** Compose wins over its files, the later of these over the earlier, and all over the image. */
function containerEnvironment(
  service: Pick<ComposeService, 'environment' | 'envFiles'> | null,
  image: DockerImage | null,
  read: Read,
): Environment {
  const values = new Map<string, Fact<string>>()
  let complete = true
  for (const [name, value] of variablesOfBase(image)) values.set(name, known(value))
  for (const { name, value } of image?.environment ?? []) values.set(name, value)
  for (const { path, required } of service?.envFiles ?? []) {
    const source = path.known ? read(path.value) : null
    const isRead = source !== null && source !== 'missing'
    const example = isRead || !required || !path.known ? null : exampleOf(path.value, read)
    if (source === null || (source === 'missing' && required)) complete &&= example !== null
    // What it holds is not what the deployment has.
    for (const { name } of example === null ? [] : parseDotenv(example))
      values.set(name, unknown('only an example of the file says it'))
    if (!isRead) continue
    for (const { name, value } of parseDotenv(source)) values.set(name, value)
  }
  for (const { name, value, at } of service?.environment ?? [])
    values.set(name, value ?? unknown('whoever starts the container sets it', at))
  return name => {
    const value = values.get(name)
    if (value !== undefined) return value
    if (!complete) return unknown('a file that was not read may set it')
    return EVERYWHERE.has(name) ? unknown('the image decides') : null
  }
}

/**
 * The command of a program of supervisord; null where it has none.
 *
 * @param outer what supervisord itself is started with
 */
export function commandOfProgram(
  program: SupervisorProgram,
  outer: Environment = NOTHING_SET,
  directory: Fact<string> | null = null,
): OwnedCommand | null {
  if (program.words === null || program.words.length === 0) return null
  const values = new Map(program.environment.map(({ name, value }) => [name, value]))
  return {
    command: {
      words: program.words,
      directory: program.directory ?? directory,
      environment: name => {
        const value = values.get(name) ?? outer(name)
        return value === null && EVERYWHERE.has(name) ? unknown('the machine sets it') : value
      },
    },
    user: program.user,
  }
}

/** The command of a line of a Procfile, which a shell executes in the directory of the file. */
export function commandOfEntry(
  { script }: ProcfileEntry,
  directory: Fact<string>,
  outer: Environment = NOTHING_SET,
): AppCommand {
  return { words: shellWords(script, null), directory, environment: outer }
}

/** A script as the last word of `/bin/sh -c`. */
function shellWords(script: WrittenText, shell: readonly WrittenText[] | null): readonly WrittenText[] {
  if (shell !== null) return [...shell, script]
  const { source, start } = placeOf(script)
  return [writtenFor(source, '/bin/sh', start, start), writtenFor(source, '-c', start, start), script]
}
