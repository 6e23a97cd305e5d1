import { posix } from 'node:path'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { escapePattern } from '../../../parsers/text/escape-pattern.ts'
import { type Place, placeText, type Source } from '../../../parsers/text/source.ts'
import { outerFile } from '../outer-file.ts'

/** Texts that install nginx of Debian or Ubuntu, and leave the site there that the package enables. */
export interface StockSite {
  /** Where the package is named. */
  readonly installs: Place
  /** Where they bring a file into `sites-available`, `sites-enabled` or `conf.d` by a name of its own; null for others. */
  broughtBy(source: Source, at: number): Place | null
}

/**
 * The package of Debian and Ubuntu has `sites-available/default`, enabled: `listen 80 default_server`,
 * `listen [::]:80 default_server`, `server_name _`. It stays where nothing of the repository speaks of it.
 *
 * @see https://salsa.debian.org/nginx-team/nginx/-/blob/master/debian/conf/sites-available/default
 */
export const stockSites = memo((texts: readonly Source[]): readonly StockSite[] => {
  const installing = texts.flatMap(source => installedIn(source) ?? [])
  if (installing.length === 0 || texts.some(mayRemove)) return []
  const mayBeDefault = texts.some(({ text }) => NAMED_DEFAULT.test(text))
  const together = groupBy(texts, ({ path }) => posix.dirname(path))
  return installing.map(installs => {
    const { source } = installs
    const own = isDockerfile(source) ? [source] : (together.get(posix.dirname(source.path)) ?? [])
    return {
      installs,
      broughtBy: (site, at) => {
        const outer = outerFile(site)
        const bringing = own.filter(text => isDockerfile(text) === isDockerfile(source))
        for (const text of bringing) {
          const place =
            outer === null ? copied(text, site.path) : text.path === outer ? written(text, at) : null
          if (place === null || !isEnabled(bringing, place)) continue
          return /[${]/.test(placeText(place)) && mayBeDefault ? null : place
        }
        return null
      },
    }
  })
})

export const isDockerfile = ({ path }: Source): boolean => /\/Dockerfile[^/]*$/.test(path)

const PACKAGE = String.raw`(?<=[\s"'\[,=])nginx(?:-(?:core|full|light|extras))?(?=$|["'\s,;&\]\\])`
const APT = new RegExp(
  String.raw`(?<=^[^\n#]{0,200})\bapt(?:-get|itude)?\b[^\n#]{0,80}?\binstall\b(?:[^\n;&|]|\\\n){0,1500}?${PACKAGE}`,
  'm',
)
const TASK = new RegExp(
  String.raw`^([ \t]*)- (?:name:[^\n]*\n(?:[ \t]+[\w.]+:[^\n]*\n){0,20}?[ \t]+)?(?:ansible\.builtin\.)?apt:(?:[^\n]*|\n(?:\1[ \t][^\n]*\n){0,60}?\1[ \t][^\n]*)${PACKAGE}`,
  'm',
)
const CLOUD = new RegExp(
  String.raw`^packages:[ \t]*\n(?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n)*?[ \t]*-[ \t]*${PACKAGE}`,
  'm',
)

const OFFICIAL =
  /^FROM[ \t]+(?:--platform=\S+[ \t]+)?(?:docker\.io\/)?(?:library\/)?(?:debian|ubuntu|python|node|ruby|php|golang|perl|buildpack-deps)(?=[:@\s])/im

function installedIn(source: Source): Place | null {
  const { text, path } = source
  if (!text.includes('nginx') || !/apt|packages:/.test(text)) return null
  if (isDockerfile(source) && (!OFFICIAL.test(text) || /^FROM[^\n]*(?:nginx|alpine)/im.test(text)))
    return null
  const isYaml = /\.ya?ml/.test(path)
  const match = APT.exec(text) ?? (isYaml ? (TASK.exec(text) ?? CLOUD.exec(text)) : null)
  if (match === null || /\b(?:remove|purge|absent)\b/.test(match[0])) return null
  const end = match.index + match[0].length
  const start = text.lastIndexOf('nginx', end - 1)
  return { source, start, end }
}

/** What may take the site away, bring a main file that does not include it, or come from another package. */
const REMOVES = new RegExp(
  [
    String.raw`sites-(?:enabled|available)/["']?(?:default|\*|\$\{?\w*default)`,
    String.raw`\b(?:rm|unlink|mv|find|rsync)\b[^\n]*(?:sites-enabled|nginx/(?:sites|\*)|\bdefault\b)`,
    String.raw`\b(?:dissite|default_site|remove_default|nginx_default\w*|ngx?_?dissite)\b`,
    // The main file, and whole directories that may hold it, or the site.
    String.raw`/etc/nginx/nginx\.conf|\bnginx[ \t"',]+-c\b|dpkg-divert`,
    String.raw`\b(?:cp|rsync|tar|COPY|ADD|ln|mv|mount|git clone)\b[^\n]*[ \t]["']?/(?:etc/?(?:nginx/?)?)?["']?[ \t]*$`,
    String.raw`\b(?:dest|path|src):[ \t]*["']?/etc/nginx/?(?:sites-\w+/?)?["']?[ \t]*$`,
    String.raw`synced_folder[^\n]*/etc/nginx`,
    String.raw`nginx\.org|ppa:\S*nginx|\b\w+\.nginx\b|nginx_(?:sites|vhosts|remove)|openresty|a2ensite`,
  ]
    .map(each => `(?:${each})`)
    .join('|'),
  'im',
)

/** What may give a variable the name of the stock site. */
const NAMED_DEFAULT = /[=:][ \t]*["']?default["']?[ \t]*$/m

function mayRemove({ text }: Source): boolean {
  return text.includes('nginx') && (REMOVES.test(text) || removesByTask(text) || startsByUnknown(text))
}

/** A loop over names that are absent afterwards. */
function removesByTask(text: string): boolean {
  return /sites-|\/etc\/nginx/.test(text) && /state(?::[ \t]*|=)["']?absent/.test(text)
}

/** An image whose command is a program that may do anything; those of scripts are among the texts. */
function startsByUnknown(text: string): boolean {
  return [...text.matchAll(/^(?:CMD|ENTRYPOINT)[ \t]+\[?[ \t]*["']?([^\s"',\]]+)/gm)].some(
    ([, word = '']) => !/^(?:\S*\/)?(?:nginx|service|supervisord|bash|sh|[\w.-]+\.sh)$/.test(word),
  )
}

const PLACE = String.raw`/etc/nginx/(?:sites-(?:enabled|available)|conf\.d)(?:/["']?[^\s"';&|]*)?`

/** A command or a task that copies or links a file of this name to where nginx has its sites. */
function copied(text: Source, path: string): Place | null {
  const name = posix.basename(path)
  const lines = [...text.text.matchAll(new RegExp(PLACE, 'g'))]
  for (const { 0: written, index } of lines) {
    const before = statementAround(text.text, index)
    if (
      /^[ \t]*#/.test(before) ||
      !new RegExp(String.raw`(?:^|[\s"'/=])${escapePattern(name)}(?=$|["'\s])`).test(before)
    )
      continue
    if (!/\b(?:cp|install|COPY|ADD|ln|mv|template|copy|file|src|source)\b/.test(before)) continue
    return { source: text, start: index, end: index + written.length }
  }
  return null
}

/** The line, with those that continue it; of a task the few around it. */
function statementAround(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at) + 1
  const end = text.indexOf('\n', at)
  const line = text.slice(start, end < 0 ? text.length : end)
  if (!/^[ \t]*(?:dest|path)[ \t]*:/.test(line)) return line
  const task = text.lastIndexOf('- name:', start)
  const next = text.indexOf('- name:', at)
  return text.slice(task < 0 ? start : task, next < 0 ? text.length : next)
}

/** The file into which a text is written that begins at some place: named in the lines before it. */
function written(source: Source, at: number): Place | null {
  const from = Math.max(0, at - 300)
  const lead = source.text.slice(from, at)
  const match = [...lead.matchAll(new RegExp(PLACE, 'g'))].at(-1)
  if (match === undefined || lead.slice(match.index).split('\n').length > 8) return null
  const start = from + match.index
  return { source, start, end: start + match[0].length }
}

/** True where the place is read, or a link to one that is read is made. */
function isEnabled(texts: readonly Source[], place: Place): boolean {
  return (
    !placeText(place).includes('sites-available') || texts.some(({ text }) => text.includes('/sites-enabled'))
  )
}
