/** What a site is in a configuration: an upstream, a server or a virtual host. */
const SITE = /^[ \t]*(?:(?:server|upstream\s+\S+)\s*\{|<VirtualHost\b)/gm

/**
 * The same deployment with each file's sites `count` times, each copy with names of its own; null where no file has
 * a site.
 *
 * @param files configuration by path, as rule examples have it
 */
export function multiplySites(
  files: Readonly<Record<string, string>>,
  count: number,
): Readonly<Record<string, string>> | null {
  let isChanged = false
  const multiplied = Object.entries(files).map(([path, text]) => {
    const stretch = sitesOf(text)
    if (stretch === null) return [path, text]
    isChanged = true
    const sites = text.slice(stretch.start, stretch.end)
    const copies = Array.from({ length: count }, (_, index) => renamed(sites, index))
    return [path, `${text.slice(0, stretch.start)}${copies.join('\n')}${text.slice(stretch.end)}`]
  })
  return isChanged ? Object.fromEntries(multiplied) : null
}

/**
 * The same, each site in a file of its own, which a line in the place of the sites includes, as control panels write
 * them; all names are equally long.
 */
export function filesOfSites(
  files: Readonly<Record<string, string>>,
  count: number,
): Readonly<Record<string, string>> | null {
  const parted: Record<string, string> = {}
  let isChanged = false
  for (const [path, text] of Object.entries(files)) {
    const stretch = sitesOf(text)
    if (stretch === null) {
      parted[path] = text
      continue
    }
    isChanged = true
    const sites = text.slice(stretch.start, stretch.end)
    const directory = `${path.slice(0, path.lastIndexOf('/') + 1)}many-${path.slice(path.lastIndexOf('/') + 1)}.d`
    const include = sites.includes('<VirtualHost') ? 'IncludeOptional' : 'include'
    const end = include === 'include' ? ';' : ''
    parted[path] =
      `${text.slice(0, stretch.start)}${include} /${directory}/*.conf${end}${text.slice(stretch.end)}`
    for (let index = 100; index < 100 + count; index++)
      parted[`${directory}/s${index}.conf`] = renamed(sites, index)
  }
  return isChanged ? parted : null
}

/** From the first site of a text to the end of the last one. */
function sitesOf(text: string): { readonly start: number; readonly end: number } | null {
  let first: number | null = null
  let end = 0
  for (const { 0: opening, index } of text.matchAll(SITE)) {
    // A `server` inside of what was already passed is a line of an upstream.
    if (index < end) continue
    const close = opening.endsWith('{') ? closingBrace(text, index + opening.length) : closingTag(text, index)
    if (close === null) continue
    first ??= index
    end = close
  }
  return first === null ? null : { start: first, end }
}

function closingTag(text: string, from: number): number | null {
  const at = text.indexOf('</VirtualHost>', from)
  return at === -1 ? null : at + '</VirtualHost>'.length
}

function closingBrace(text: string, from: number): number | null {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at + 1
  }
  return null
}

const NAMES = /\b(server_name|ServerName|upstream|WSGIDaemonProcess|WSGIProcessGroup)(\s+)([\w.-]+)/g

/** The names by which sites know each other, with the number of the copy. */
function renamed(sites: string, index: number): string {
  const names = new Set([...sites.matchAll(NAMES)].map(([, , , name = '']) => name))
  names.delete('_')
  return sites.replace(/[\w.-]+/g, word => {
    for (const name of names) {
      if (word === name) return `s${index}-${name}`
      if (word.endsWith(`.${name}`)) return `${word.slice(0, -name.length)}s${index}-${name}`
    }
    return word
  })
}
