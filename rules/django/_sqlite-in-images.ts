import type { DockerCommand, DockerCopy, DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { type WrittenText, wholeText } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { followedCommands } from '../../src/deployment/setups/followed-commands.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { stageChain } from '../containers/_requirements.ts'
import { scriptAt } from '../containers/_started-words.ts'
import { accountOf } from './_account.ts'
import {
  afterCommand,
  type Database,
  databaseOf,
  leftBy,
  NOBODYS,
  type Owned,
  type Owners,
} from './_sqlite-owners.ts'

/** Databases that the build of an image, or what a container runs first, leaves to root. */
export function* databasesOfRootIn(deployment: Deployment): Iterable<RuleFinding> {
  for (const { container, settings, account } of serversIn(deployment)) {
    const user = container.service.user ?? container.image?.user ?? null
    for (const database of databaseOf(settings, container.files, account)) {
      if (user !== null && !user.known) continue
      const owners = ownersIn(container, database, user)
      const left = owners === null ? null : leftBy(owners, database)
      if (left === null) continue
      const named = account === null ? 'the account of Apache' : `\`${account}\``
      yield {
        at: left.at,
        ...(container.isAlone && { confidence: 'medium' as const }),
        message: `${left.said}, and ${named} may not write there: attempt to write a readonly database`,
        label: left.label,
        related: database.at === null ? [] : [{ at: database.at, message: 'the database' }],
        help: `Write \`chown -R ${account ?? 'www-data'} ${database.directory}\` below it`,
      }
    }
  }
}

interface Server {
  readonly container: Container
  readonly settings: DjangoSettings
  /** Null for the account of an Apache, which is never root, whatever it is called. */
  readonly account: string | null
}

function* serversIn(deployment: Deployment): Iterable<Server> {
  if (!deployment.machines.some(({ container }) => container !== null)) return
  for (const application of deployment.applications) {
    const { container } = deployment.programOf(application.configuration).machine
    const settings = container === null ? null : (deployment.pythonOf(application)?.settings ?? null)
    const user = application.daemon?.options.get('user')?.value
    if (container === null || settings === null || user?.known === false || !isOfRoot(userOf(container)))
      continue
    yield { container, settings, account: accountOf(application) }
  }
  for (const program of deployment.programs) {
    const { container } = program.machine
    if (program.kind !== 'app-server' || container === null) continue
    const settings = deployment.moduleOf(program)?.settings ?? null
    const user = userOf(container)
    const own = program.server.user
    const account = isOfRoot(user) ? (own?.known === true ? own.value : null) : known(user)
    if (settings !== null && account !== null) yield { container, settings, account }
  }
}

function userOf({ service, image }: Container): Fact<string> | null {
  return service.user ?? image?.user ?? null
}

function isOfRoot(user: Fact<string> | null): boolean {
  return user === null || (user.known && /^(?:root|0)(?::|$)/.test(user.value))
}

function known(user: Fact<string> | null): string | null {
  const name = user?.known === true ? user.value.replace(/:.*$/s, '') : ''
  return /^[\w.-]+$/.test(name) ? name : null
}

/** Who owns the database when the server starts; null where something may change that which nobody sees. */
function ownersIn(container: Container, database: Database, user: Fact<string> | null): Owners | null {
  const { image, fault, service } = container
  if (image === null || fault !== null || !keepsImage(container, database)) return null
  if (service.build?.target?.known === false || !IMAGES.test(container.reference ?? '')) return null
  let owners: Owners | null = NOBODYS
  for (const step of image.steps) {
    if ('sources' in step) owners = afterCopy(owners, step, database)
    else {
      const account = userAt(image, step)
      owners =
        account === null
          ? null
          : afterScripts(owners, scriptsOf(step), database, { home: homeAt(image, step), account })
    }
    if (owners === null) return null
  }
  const account = isOfRoot(user) ? 'root' : 'others'
  const started = startedScripts(container)
  const directory = service.workingDirectory ?? image.workingDirectory
  const home = directory?.known === true ? directory.value : null
  return started === null ? null : afterScripts(owners, started, database, { home, account })
}

/** The directory of a step; null where a later line names the one that is known. */
function homeAt({ workingDirectory }: DockerImage, { at }: DockerRun): string | null {
  if (workingDirectory?.known !== true || workingDirectory.at === null) return null
  return workingDirectory.at.start < at.start ? workingDirectory.value : null
}

/** Those of which it is known that nothing of an application lies in them, and that their entry points change no owner. */
const IMAGES =
  /^(?:python|debian|ubuntu|alpine|httpd|buildpack-deps|amazonlinux|fedora|rockylinux|almalinux|centos)(?=[:@]|$)/

/** True where nothing but the image, or a new volume that takes its files over, is around the database. */
function keepsImage({ service, project }: Container, { directory }: Database): boolean {
  if (service.volumesFrom.length > 0 || service.tmpfs.length > 0) return false
  return service.volumes.every(mount => {
    if (!mount.target.known) return false
    if (!overlap(cleanPath(mount.target.value), directory)) return true
    const name = mount.source?.known === true ? mount.source.value : null
    const volume = mount.kind !== 'volume' || name === null ? undefined : project.volumes.get(name)
    return volume !== undefined && !volume.external && volume.device === null && volume.driver === null
  })
}

function afterCopy(owners: Owners, copy: DockerCopy, database: Database): Owners | null {
  const { target, owner, mode, at, from, kind } = copy
  if (!target.known) return null
  const place = cleanPath(target.value)
  if (!overlap(place, database.directory)) return owners
  if (from !== null || kind === 'ADD' || mode !== null || owner?.known === false) return null
  const by = owner === null || /^(?:root|0)(?::|$)/.test(owner.value) ? 'root' : 'others'
  const made = { by, at, command: 'made' } as const
  const brings = database.isThere && isBelow(database.path, place)
  return {
    around: isBelow(database.directory, place) ? (owners.around ?? made) : owners.around,
    file: brings || by === 'others' ? made : owners.file,
  }
}

/** Whose command a step is: that of the last `USER` above it; null where nobody knows. */
function userAt({ stage, stages }: DockerImage, { at }: DockerRun): Owned['by'] | null {
  const users = stageChain(stages, stage).flatMap(each => each.users)
  const last = users.findLast(user => user.at.start < at.start)
  if (last === undefined) return 'root'
  if (!last.account.known) return null
  return /^(?:root|0)(?::|$)/.test(last.account.value) ? 'root' : 'others'
}

function scriptsOf({ command, documents }: DockerRun): readonly WrittenText[] | null {
  if (documents.length > 0) return documents.map(({ text }) => text)
  return command.form === 'shell' ? [command.script] : null
}

interface Runner {
  /** Null where nobody knows: then a relative path may be any. */
  readonly home: string | null
  readonly account: Owned['by']
}

function afterScripts(
  before: Owners,
  scripts: readonly WrittenText[] | null,
  database: Database,
  { home, account }: Runner,
): Owners | null {
  if (scripts === null || scripts.some(({ text }) => MOVES.test(text))) return null
  let owners = before
  for (const command of followedCommands(scripts)) {
    const texts = command.words.map(({ text }) => text)
    if (isUnknownWord(command.account ?? '') || texts.some(text => HIDES.test(text))) return null
    const own = command.account === null ? account : command.account === 'root' ? 'root' : 'others'
    owners = afterCommand(owners, { ...command, directory: command.directory ?? home }, own, database)
  }
  return owners
}

/** What changes owners in another way than by a command of its own, or accounts. */
const MOVES =
  /\b(?:xargs|find)\b[^\n;|&]*\bch(?:own|mod|grp)\b|\|\s*xargs\b[^\n]*\bch|\bAPACHE_RUN_|\bumask\b|\bsetfacl\b|\busermod\b|(?:^|[;&|\n])\s*install\s|\brsync\b|\bcp\s+-\w*[ap]|\bsupervisord\b|\b(?:mv|rm)\b[^\n;|&]*\.(?:sqlite3?|db)\b/
/** Programs that run what nobody reads here. */
const HIDES = /\.sh$|^(?:make|bash|sh|ash|dash|ansible[\w-]*|fab|invoke|just|eval|source|\.)$/

/** What a container runs before its server, and that; null where it cannot be read. */
function startedScripts(container: Container): readonly WrittenText[] | null {
  const { service, image } = container
  const parts: (DockerCommand | { readonly words: readonly WrittenText[] })[] = []
  if (service.entrypoint !== null) parts.push(service.entrypoint)
  else if (image?.entrypoint != null) parts.push(image.entrypoint)
  if (service.command !== null) parts.push(service.command)
  else if (service.entrypoint === null && image?.command != null) parts.push(image.command)
  const scripts = parts.map(part => scriptIn(container, part))
  return scripts.includes(null) ? null : scripts.flatMap(each => each ?? [])
}

function scriptIn(
  container: Container,
  part: DockerCommand | { readonly words: readonly WrittenText[] },
): readonly WrittenText[] | null {
  if ('script' in part) {
    const found = scriptAt(container, { text: part.script.text.trim() })
    return found === null ? [part.script] : [wholeText(found.source)]
  }
  const words = part.words.filter(({ text }) => !/^(?:\/bin\/)?(?:ba|da|a)?sh$|^-\w*[cex]\w*$/.test(text))
  const [first] = words
  if (first === undefined) return []
  const isShell = words.length < part.words.length
  const found = scriptAt(container, first)
  if (found !== null) return [wholeText(found.source)]
  if (/\.sh$|entrypoint$/.test(first.text)) return null
  return isShell ? [first] : []
}
