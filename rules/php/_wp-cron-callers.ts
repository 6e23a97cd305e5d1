import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { readCrontab } from '../../parsers/cron/read-crontab.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { crontabsOf } from '../../src/deployment/crontabs.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'

/** What shows everything that is started at its time, and calls no `wp-cron.php`. */
export interface NobodyCalls {
  /** Where other things are started. */
  readonly at: Place
  readonly words: string
  readonly label: string
}

/** What has the due jobs of a WordPress done: its own script, WP-CLI, or a program of somebody who keeps its jobs. */
const CALLS =
  /wp-cron|wp_cron|doing_wp_cron|\bcron\s+event\b|\bwp(?:-cli)?\b[^\n]*\bcron\b|cavalcade|cron-control/i

const DIRECTORIES = [
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/etc/systemd/system',
  '/etc/supervisor',
  '/etc/supervisord.d',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt',
  '/root',
  '/home',
]
const MOST_FILES = 500
const REACH = { levels: 2, skipped: /^(?:node_modules|vendor|wp-\w+|\.git|\.cache)$/ }

/** The crontabs of a machine that call nothing of a WordPress in a directory; null where something may, or none is here. */
export function nobodyOnMachine({ files, container }: Machine, root: string): NobodyCalls | null {
  const at = container === null ? firstOfOthers(files) : null
  return at === null || scriptsAround(files, root).some(({ text }) => CALLS.test(text))
    ? null
    : { at, words: 'no crontab or unit here', label: 'cron starts other things' }
}

/** The first job of a machine whose jobs all leave WordPress alone; null where one may not, or where there is none. */
const firstOfOthers = memo((files: FileSystem): Place | null => {
  let first: Place | null = null
  for (const { source, user } of crontabsOf(files)) {
    if (source.template || CALLS.test(source.text)) return null
    for (const { command } of readCrontab(source, user === null).jobs) {
      if (mayCall(files, command.text)) return null
      first ??= command.at
    }
  }
  if (first === null) return null
  const paths = DIRECTORIES.flatMap(each => [...filesBelow(files, each, REACH)]).slice(0, MOST_FILES)
  const sources = paths.flatMap(path => sourceAt(files, path) ?? [])
  return sources.every(source => isSilent(files, source)) ? first : null
})

function scriptsAround(files: FileSystem, root: string): readonly Source[] {
  return [root, posix.dirname(root)].flatMap(directory =>
    (files.list(directory) ?? [])
      .filter(({ name }) => /\.(?:sh|bash)$|^Makefile$|cron/.test(name) && name !== 'wp-cron.php')
      .flatMap(({ name }) => sourceAt(files, posix.join(directory, name)) ?? []),
  )
}

/** True for a text that surely calls none: of a timer too, whose unit may start a script that is not here. */
function isSilent(files: FileSystem, { path, text }: Source): boolean {
  if (CALLS.test(text)) return false
  if (!path.endsWith('.timer')) return true
  const unit =
    /^[ \t]*Unit[ \t]*=[ \t]*(\S+)/m.exec(text)?.[1] ?? posix.basename(path).replace(/timer$/, 'service')
  const service = sourceAt(files, posix.join('/etc/systemd/system', unit))
  return (
    service === null ||
    ![...service.text.matchAll(/^[ \t]*ExecStart[ \t]*=(.*)$/gm)].some(match => mayCall(files, match[1]!))
  )
}

/** Programs that ask for an address, or run what the audit does not read. */
const OPEN =
  /(?:^|[\s;&|(]|\/s?bin\/)(?:curl|wget|lynx|links2?|fetch|GET|php[\d.]*|wp|docker|podman|kubectl|ssh|make|python[\d.]*|perl|ruby|node|npm)(?![\w/.-])/
/** What those are known to do that is none of it. */
const PLAIN =
  /hc-ping\.com|healthchecks|uptime|\bartisan\b|\bocc\b|bin\/console|\bdrush\b|nextcloud|moodle|manage\.py|certbot|letsencrypt/
/** Scripts that say by their names what they do. */
const TELLING =
  /backup|dump|renew|certbot|acme|rotate|sessionclean|rsync|clean|monitor|munin|sysstat|popularity/i
const OF_SYSTEM =
  /^\/(?:usr\/)?(?:s?bin|lib(?:exec|64)?|share)\/|^\/(?:dev|tmp|run|proc|sys|var)\/|^\/etc\/(?:cron\.|init\.d)/

/** True for a command of which nobody here knows that it leaves WordPress alone. */
function mayCall(files: FileSystem, command: string): boolean {
  if (CALLS.test(command)) return true
  if (OPEN.test(command) && !PLAIN.test(command)) return true
  for (const [path] of command.matchAll(/(?<![\w.~/-])[~.]{0,2}\/[\w./-]+/g)) {
    if (/\.(?:sh|bash|php|py|pl|rb)$/.test(path) ? TELLING.test(path) : OF_SYSTEM.test(path)) continue
    const source = sourceAt(files, path)
    if (source !== null && !CALLS.test(source.text) && !OPEN.test(source.text)) continue
    if (files.kind(path) !== 'directory' && !TELLING.test(path)) return true
  }
  return false
}

/** What keeps time in a project: a service for it, or a command that does. */
const KEEPS_TIME = /cron|ofelia|schedul|chadburn|wp[ -]cli|wordpress:cli|\bwp\s|sleep|while\b|\.sh\b/i

/** The services of a compose file none of which calls anything of a WordPress; null where one may. */
export function nobodyInProject(
  deployment: Deployment,
  { project, hostFiles }: Container,
  at: Place,
): NobodyCalls | null {
  const setups = deployment.setups()
  if (!project.complete || project.services.size === 0 || setups === null) return null
  const services = [...project.services.values()]
  // What an image of the project's own starts besides, nobody says here.
  if (services.some(({ build, image, complete }) => !complete || build !== null || image?.known !== true))
    return null
  if ((hostFiles.list(project.directory) ?? []).some(({ name }) => /cron/i.test(name))) return null
  if (setups.some(({ text }) => CALLS.test(withoutSetting(text)))) return null
  if (project.sources.some(({ text }) => KEEPS_TIME.test(withoutSetting(text)))) return null
  return { at, words: 'no service here', label: 'the container' }
}

function withoutSetting(text: string): string {
  return text.replaceAll('DISABLE_WP_CRON', '')
}
