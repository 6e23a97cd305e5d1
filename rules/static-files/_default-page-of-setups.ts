import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isDockerfile } from '../../src/deployment/setups/stock-site.ts'

/** An application of PHP that a text lays beside the page of Debian's Apache. */
interface LaidBeside {
  readonly at: Place
  readonly installs: Place
}

/**
 * Texts that install Debian's Apache, which writes `/var/www/html/index.html`, and lay an application with an `index.php`
 * beside it. Where any text of the repository speaks of that page, of another order or of another root, nothing is said.
 */
export function laidBesidePages({ setups, machines }: Deployment): readonly LaidBeside[] {
  const texts = setups() ?? []
  if (texts.length === 0 || texts.some(({ text }) => CURES.test(text))) return []
  const files = machines.flatMap(({ loose }) => loose?.files ?? [])
  const hasScript = (directory: string): boolean =>
    files.some(
      each =>
        each.kind(posix.join(directory, 'index.php')) === 'file' &&
        ['index.html', '.htaccess'].every(name => each.kind(posix.join(directory, name)) === null),
    )
  return texts.flatMap(source => {
    // A backslash continues the line; the offsets stay.
    const text = source.text.replace(/\\\r?\n/g, each => ' '.repeat(each.length))
    const installs = INSTALLS.exec(text) ?? (isDockerfile(source) ? null : TASK.exec(text))
    if (installs === null || /nginx/.test(installs[0])) return []
    const laid = isDockerfile(source)
      ? [...text.matchAll(COPIES)].filter(({ 1: from = '' }) =>
          hasScript(posix.join(posix.dirname(source.path), from)),
        )
      : [...text.matchAll(LAYS), ...text.matchAll(LAYS_BY_TASK)]
    const [first] = laid.filter(({ index }) => index > installs.index)
    if (first === undefined) return []
    const start = first.index + first[0].lastIndexOf(ROOT)
    const end = installs.index + installs[0].length
    return [
      {
        at: { source, start, end: start + ROOT.length },
        installs: { source, start: end - 'apache2'.length, end },
      },
    ]
  })
}

const ROOT = '/var/www/html'
const INSTALLS =
  /(?<=^[^#\n]{0,200})\bapt(?:-get)?\b[^\n;&|#]{0,80}?\binstall\b[^\n;&|]{0,500}?(?<![\w./-])apache2(?![\w./-])/m
const TASK =
  /^[ \t]*(?:ansible\.builtin\.)?(?:apt|package):(?:[^\n]*\n){1,12}?[^\n]*(?<![\w./-])apache2(?![\w./-])/m
const APPLICATION = String.raw`(?:wordpress|drupal[\w.-]*|joomla|moodle|nextcloud|owncloud|mediawiki[\w.-]*|prestashop|opencart|matomo|glpi|dolibarr[\w.-]*|phpmyadmin[\w.-]*)`
/** `cp -a wordpress/. /var/www/html`, `mv /tmp/wordpress/* /var/www/html/`; no name behind it: that would be a directory of its own. */
const LAYS = new RegExp(
  String.raw`(?<=^[^#\n]{0,300})\b(?:cp|mv|rsync)\b[^\n;&|]*?\b${APPLICATION}/(?:\.|\*)?["']?[ \t]+["']?${ROOT}/?(?=["'\s;&|]|$)|\btar\b[^\n;&|]*\b${APPLICATION}[^\n;&|]*(?:--strip-components|--strip)[= ]1[^\n;&|]*${ROOT}/?(?=["'\s;&|]|$)|\btar\b[^\n;&|]*${ROOT}/?[ \t][^\n;&|]*--strip(?:-components)?[= ]1|\bwp\b[^\n;&|]*\bcore download\b[^\n;&|]*--path=["']?${ROOT}/?(?=["'\s;&|]|$)`,
  'gm',
)
const LAYS_BY_TASK = new RegExp(
  String.raw`\bsrc:[ \t]*["']?\S*\b${APPLICATION}/["']?[ \t]*\n(?:[ \t]+\w+:[^\n]*\n){0,3}?[ \t]+dest:[ \t]*["']?${ROOT}/?(?=["'\s]|$)`,
  'gm',
)
const COPIES =
  /^[ \t]*(?:COPY|ADD)[ \t]+(?:--chown=\S+[ \t]+)?((?:\.\/?)?[\w./-]*)[ \t]+\/var\/www\/html\/?[ \t]*$/gm

/** Another order, another root, and what takes the page away or makes the directory anew. */
const CURES =
  /index\.html|DirectoryIndex|mods-(?:enabled|available)\/dir\.conf|DocumentRoot[ \t]+["']?(?!["']?\/var\/www\/html\/?["'\s])|\b(?:rm|find|mv)\b[^\n]*(?:\/var\/www|(?<=rm -\w+ )\*)|rsync[^\n]*--delete|000-default|dissite|\bnginx\b|lighttpd|WORKDIR \/var\/www\/html\s+RUN rm|git[ \t]+(?:clone|clean)[^\n]*\/var\/www\/html/
