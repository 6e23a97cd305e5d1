import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { buildSteps, scriptAt, type Started } from './_started-words.ts'

/** The account of what answers requests in an image; null where that may be root, or be given rights when it starts. */
export function workerOf(started: Started): string | null {
  const told = startedTexts(started)
  if (told === null || told.some(text => GIVES.test(text))) return null
  const user = started.service?.user ?? started.image?.user ?? null
  if (user !== null && (!user.known || /[$\0\uFFFD]/.test(user.value))) return null
  const [name = ''] = user?.value.split(':') ?? []
  if (!/^(?:root|0*)$/.test(name)) return name
  return phpWorker(started, told)
}

/** What has another account than the one that it runs as, or changes what is written. */
const GIVES =
  /\b(?:chown|chmod|setfacl|umask|mkdir|sudo|gosu|su-exec|setpriv|su|cp|ln|rsync|tar)\b|(?:^|[;&|]\s*)install\s/m

/** PHP-FPM and Apache take www-data for their workers where root starts them. */
function phpWorker(started: Started, told: readonly string[]): string | null {
  const { reference, image, mounts, hostFiles } = started
  const isOfPhp = /^php:(?:[\w.]+-)*(?:apache|fpm)(?:-[\w.]+)*$/.test(reference ?? '')
  if (!isOfPhp && !installsPhp(started)) return null
  const text = told.join('\n')
  if (
    /artisan (?:serve|octane)|\bphp -S\b|frankenphp|rr serve|--allow-to-run-as-root|php-fpm\S*\s[^\n;&|]*-\w*R/.test(
      text,
    )
  )
    return null
  const isImages = isOfPhp && /^\s*(?:docker-php-entrypoint)?\s*$/.test(text)
  if (!isImages && !/apache2-foreground|apache2ctl|apachectl|php-fpm|exec "\$@"/.test(text)) return null
  const settings = [...buildSteps(started), ...(image?.environment ?? []).map(({ name }) => name)]
  if (settings.some(each => /APACHE_RUN_USER|\bsed\b[^;&|]*(?:www-data|user)/i.test(each))) return null
  const isMoved = mounts.some(({ target, path }) => {
    if (!/php-fpm|apache2\.conf$|envvars$/.test(target)) return false
    const source = path === null ? null : sourceAt(hostFiles, path)
    return (
      source === null || /^\s*(?:user\s*=|User\s|export APACHE_RUN_USER=)\s*(?!www-data\b)/m.test(source.text)
    )
  })
  return isMoved ? null : 'www-data'
}

/** Debian’s packages, which have the same account. */
function installsPhp(started: Started): boolean {
  return (
    /^(?:debian|ubuntu)(?=[:@]|$)/.test(started.reference ?? '') &&
    buildSteps(started).some(text =>
      /\bapt(?:-get)?\b[^;&|]*\binstall\b[^;&|]*\s(?:libapache2-mod-php|php[\d.]*-fpm)/.test(
        text.replace(/\\\r?\n/g, ' '),
      ),
    )
  )
}

/** All that a container starts: command and entry point, their scripts, and the supervisor’s files; null where one is not read. */
function startedTexts(started: Started): readonly string[] | null {
  const { service, image, mounts, hostFiles } = started
  const ofService = [service?.entrypoint, service?.command].flatMap(
    each => each?.words.map(({ text }) => text) ?? [],
  )
  const isReplaced = service !== null && service.entrypoint !== null
  const ofImage = [
    isReplaced ? null : image?.entrypoint,
    isReplaced || (service !== null && service.command !== null) ? null : image?.command,
  ].flatMap(command => (command == null ? [] : commandText(command)))
  const commands = [...ofService, ...ofImage].join(' ')
  const scripts: string[] = []
  for (const text of commands.split(/[\s;&|"']+/)) {
    if (!/\.sh$|entrypoint$/.test(text) || text.endsWith('docker-php-entrypoint')) continue
    const script = scriptAt(started, { text })
    // What one runs besides, nobody has read.
    if (script === null || /^[^#\n]*\.sh\b/m.test(script.source.code)) return null
    scripts.push(script.source.code)
  }
  const texts = commands === '' ? scripts : [commands, ...scripts]
  if (!texts.some(text => text.includes('supervisord'))) return texts
  const confs = mounts.flatMap(({ target, path }) =>
    path !== null && /supervis/.test(target) ? (sourceAt(hostFiles, path)?.code ?? []) : [],
  )
  return confs.length === 0 ? null : [...texts, ...confs]
}
