import { withoutModes } from '../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { posix } from 'node:path'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type RunImage, startedText, targetPlace } from './_images.ts'
import { buildSteps } from './_started-words.ts'

/** Images whose Apache is that of Debian, with its directories of sites. */
const DEBIAN_APACHE =
  /^(?:php|wordpress|nextcloud|drupal|matomo|phpmyadmin|joomla|moodlehq\/moodle-php-apache)(?::|$)/

interface ApacheImage {
  /** What stands in the place of its main file, or of what that includes. */
  readonly main: RegExp
  readonly unread: RegExp
  readonly said: (target: string) => string
  readonly help: (target: string) => string
}

const HTTPD: ApacheImage = {
  main: /^\/usr\/local\/apache2(?:\/conf(?:\/httpd\.conf)?)?$/,
  unread:
    /^\/usr\/local\/apache2\/conf\/(?!httpd\.conf$|extra\/proxy-html\.conf$)(?:[\w.-]+\/)?[\w.-]+\.conf$|^\/etc\/(?:apache2|httpd)\/(?:[\w.-]+\/)+[\w.-]+\.conf$/,
  said: target =>
    target.startsWith('/etc/')
      ? `the image of \`httpd\` has its files in \`/usr/local/apache2/conf\`, so nothing reads \`${target}\``
      : `\`httpd.conf\` of the image has every line for \`conf/extra\` behind a \`#\`, so nothing reads \`${target}\``,
  help: target =>
    target.startsWith('/etc/')
      ? 'Copy it to `/usr/local/apache2/conf/extra`, and add a line with `Include` to `conf/httpd.conf`'
      : `Add a line to the image: \`RUN echo 'Include ${target.replace('/usr/local/apache2/', '')}' >> /usr/local/apache2/conf/httpd.conf\``,
}

const OF_DEBIAN: ApacheImage = {
  main: /^\/etc\/apache2(?:\/(?:apache2\.conf|sites-enabled(?:\/.*)?|conf-enabled(?:\/.*)?))?$/,
  unread: /^\/etc\/apache2\/sites-available\/(?!(?:000-default|default-ssl)\.conf$)[\w.-]+\.conf$/,
  said: target =>
    `Apache reads \`/etc/apache2/sites-enabled\` alone, and no line enables \`${target}\`: the default site answers`,
  help: target => `Add \`RUN a2ensite ${posix.basename(target, '.conf')} && a2dissite 000-default\``,
}

/** Sites of Apache that its image does not read. */
export function* ofApache(run: RunImage): Iterable<RuleFinding> {
  const { base, reference, mounts, machine, files } = run
  const isDebian = DEBIAN_APACHE.test(reference ?? '') && /apache/.test(reference ?? '')
  const kind = base === 'httpd' ? HTTPD : isDebian ? OF_DEBIAN : null
  const steps = kind === null ? null : stepsBeside(run, kind)
  if (kind === null || steps === null) return
  const { container } = machine
  if (
    !steps.some(
      step =>
        /\ba2ensite\b|\bln\b|\.sh\b|sites-enabled|(?:cp|mv|tee|cat|install|add)\s[^&;]*apache2|IncludeOptional/.test(
          step,
        ) || mayInclude(step),
    )
  )
    for (const mount of mounts) {
      const { target, path, at } = mount
      if (path === null || !kind.unread.test(target) || !holdsVhost(files, path)) continue
      yield {
        at: mount.from === 'COPY' ? at : targetPlace(mount),
        message: kind.said(target),
        label: 'not included',
        related: container === null ? [] : [{ at: container.service.at, message: 'the container of Apache' }],
        help: kind.help(target),
      }
    }
}

/** Whether what is served in an image of `httpd` is surely under its own main file, which lets no `.htaccess` be read. */
export function readsNoHtaccess(run: RunImage): boolean {
  const steps = run.base === 'httpd' ? stepsBeside(run, HTTPD) : null
  return steps !== null && !steps.some(step => /\.sh\b|AllowOverride/.test(step) || mayInclude(step))
}

/** What the build runs beside the main file of an image; null where another file may stand in its place. */
function stepsBeside(run: RunImage, { main }: ApacheImage): readonly string[] | null {
  const { image, mounts, machine } = run
  const container = machine.container
  if (
    container !== null &&
    (!container.service.complete || (container.service.build !== null && image === null))
  )
    return null
  const steps = buildSteps({ image }).map(withoutModes)
  const words = startedText(run)
  // A script may do it, and a main file of its own may include it.
  const isChanged =
    /\.sh\b|Include|\s-f\s|\s-c\s|a2ensite|apache2/.test(words) ||
    image?.entrypoint != null ||
    mounts.some(({ target, path }) =>
      path === null ? /^\/(?:usr\/local\/apache2|etc)(?:\/|$)/.test(target) : main.test(target),
    ) ||
    copiesTo(image, main)
  return isChanged ? null : steps
}

/** Whether the build copies something to such a path, also what is not in the repository. */
function copiesTo(image: DockerImage | null, path: RegExp): boolean {
  return (image?.steps ?? []).some(
    step =>
      'sources' in step && (!step.target.known || path.test(step.target.value.replace(/(?<=.)\/$/, ''))),
  )
}

/** Words of lines in the main file of the image that include nothing. */
const OTHER_LINES =
  /LoadModule|_module|\bmod_|ServerName|ServerAdmin|ServerTokens|Listen|DocumentRoot|htdocs|LogLevel|ErrorLog|CustomLog|AllowOverride|DirectoryIndex|\b(?:User|Group|Options)\b/

const QUOTED = /'[^']*'|"[^"]*"/g

/** False for a step of the build that changes no line of the main file, or others than those that include. */
function mayInclude(step: string): boolean {
  return step
    .split(/&&|;(?=\s)|\|\|/)
    .filter(command => command.includes('httpd.conf'))
    .some(command => {
      const quoted = command.match(QUOTED) ?? []
      return (
        !/^\s*(?:sed|echo|printf)\s/.test(command) ||
        /nclude|extra|vhost|conf\.d|`|\$\(/i.test(command) ||
        /[|<]/.test(command.replace(QUOTED, '')) ||
        quoted.length === 0 ||
        quoted.some(text => !OTHER_LINES.test(text))
      )
    })
}

function holdsVhost(files: FileSystem, path: string): boolean {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  return (
    read?.kind === 'source' &&
    /^\s*(?:<VirtualHost|<Directory|DocumentRoot|Listen|ProxyPass)\b/im.test(read.source.code)
  )
}
