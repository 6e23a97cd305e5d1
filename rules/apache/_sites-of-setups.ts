import { memo } from '../../parsers/collections/memo.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { plainText } from '../../src/deployment/setups/plain-text.ts'
import { placedFiles } from '../../src/deployment/setups/placed-files.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { namesNoFile } from '../_placed-names.ts'

/** A site of Debian's Apache that a script or a playbook enables by a name that Apache does not read. */
export interface MisnamedSite {
  readonly at: Place
  readonly name: string
  /** The `a2ensite` that does not find it; null where a link or a file lies among the enabled ones. */
  readonly enabledBy: Place | null
}

const SITES = /^\/etc\/apache2\/sites-(available|enabled)\/([^/]+)$/

/**
 * Sites that lack `.conf`. Debian's Apache before 2.4 asked for no ending: where anything speaks of such a release, or
 * of a main file of its own, nothing is said.
 */
export const misnamedSites = memo((texts: readonly Source[]): readonly MisnamedSite[] => {
  const placed = texts.flatMap(source => (source.text.includes('/etc/apache2/') ? placedFiles(source) : []))
  if (placed.length === 0 || texts.some(({ text }) => READS_OTHERS.test(text))) return []
  const paths = new Set(placed.map(({ path }) => path))
  const sites = placed.flatMap(({ path, at }) => {
    const [, where, name] = SITES.exec(path) ?? []
    const isMisnamed =
      name !== undefined && !paths.has(`${path}.conf`) && !OLD_NAMES.test(name) && namesNoFile(name, texts)
    return isMisnamed ? [{ where, name, at }] : []
  })
  const enabled = sites.filter(({ where }) => where === 'enabled')
  if (enabled.length > 0) return enabled.map(({ at, name }) => ({ at, name, enabledBy: null }))
  const commands = texts.flatMap(enabledIn)
  return sites.flatMap(({ at, name }) => {
    const by = commands.find(each => each.name === name || each.name === placeText(at).replace(/.*\//, ''))
    return by === undefined ? [] : [{ at, name, enabledBy: by.at }]
  })
})

const READS_OTHERS =
  /sites-enabled\/(?:["'\s]*$|\*(?!\.conf))|\/etc\/apache2\/apache2\.conf|\b(?:wheezy|squeeze|lenny|precise|lucid|quantal|raring|(?:precise|lucid)(?:32|64)|1[0-2]\.\d\d|13\.04|apache[_-]?2\.2)\b|Order[ \t]+(?:allow|deny)|\bsites-\w+[^\n]*\bmv\b|\b(?:mv|rename|find)\b[^\n]*sites-/im
/** The names of the sites that packages of 2.2 had. */
const OLD_NAMES = /^(?:(?:000-)?default(?:-ssl)?|\*.*|.*\.(?:dpkg-\w+|bak|old|disabled|load|htpasswd))$/

/** What `a2ensite` is given, in the order of the text. */
function enabledIn(source: Source): readonly { readonly name: string; readonly at: Place }[] {
  if (!source.text.includes('a2ensite')) return []
  return setupCommands(source).flatMap(({ words: [program, ...args] }) =>
    /(?:^|\/)a2ensite$/.test(program?.text ?? '')
      ? args.flatMap(word =>
          word.text.startsWith('-') ? [] : [{ name: nameOf(word.text, plainText(word)), at: placeOf(word) }],
        )
      : [],
  )
}

const nameOf = (known: string, written: string): string =>
  (/^[\w.-]+$/.test(known) ? known : written).replace(/\.conf$/, '')
