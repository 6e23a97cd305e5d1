import { entriesOf, type Lay } from './files.ts'

const SERVER = /^[ \t]*server[ \t]*\{[ \t]*$/gm
const LOCATION = /^[ \t]*location[^{}\n]*\{[ \t]*$/gm
const HTTP = /^[ \t]*http[ \t]*\{[ \t]*$/gm
const HOST = /^[ \t]*<VirtualHost[^>\n]*>[ \t]*$/gm

/** One line more in each block: a file that is not in the audit, or what a template fills in. */
const INCLUDE = 'include /opt/shop/custom.conf;'
const FILLED_IN = '{{ extra_configuration }}'

export const includeInHttp = more(HTTP, INCLUDE)
export const includeInServer = more(SERVER, INCLUDE)
export const includeInLocation = more(LOCATION, INCLUDE)
export const includeInHost = more(HOST, 'Include /opt/shop/custom.conf')
export const filledInServer = more(SERVER, FILLED_IN)
export const filledInLocation = more(LOCATION, FILLED_IN)

function more(block: RegExp, line: string): Lay {
  return files => {
    const laid = Object.fromEntries(
      Object.entries(files).map(([path, text]) => [
        path,
        isOfServers(path, text) ? text.replace(block, opened => `${opened}\n${line}`) : text,
      ]),
    )
    return Object.keys(files).some(path => laid[path] !== files[path]) ? laid : null
  }
}

function isOfServers(path: string, text: string): boolean {
  return /(?:^|\/)(?:nginx[^/]*|sites-(?:enabled|available)\/.*|conf\.d\/.*|[^/]*\.conf)$/.test(path)
    ? /^\s*(?:server|location|http)\b|<VirtualHost/m.test(text)
    : false
}

/** What `http` of nginx's main file holds, and Apache's virtual hosts, without the main file. */
export const withoutMain: Lay = files => {
  let isChanged = false
  const laid = entriesOf(files).flatMap(([path, text], index): readonly (readonly [string, string])[] => {
    const sites = sitesOf(path, text)
    if (sites === null) return [[path, text]]
    isChanged = true
    const [server, code] = sites
    return code === '' ? [] : [[`etc/${server}/sites-enabled/site${index}.conf`, code]]
  })
  return isChanged ? Object.fromEntries(laid) : null
}

/** The sites in a main file; null for any other file. */
function sitesOf(path: string, text: string): readonly [server: string, code: string] | null {
  if (/^(?:ServerRoot|LoadModule)\b/m.test(text) && text.includes('<VirtualHost'))
    return ['apache2', text.slice(text.indexOf('<VirtualHost'))]
  const http = path.endsWith('.py') ? null : bodyOfHttp(text)
  if (http === null) return null
  const own = http.replace(/^\s*include\s+(?:\/etc\/nginx\/)?(?:sites-enabled|conf\.d)\/\*[^;]*;\s*$/gm, '')
  return ['nginx', /server\s*\{/.test(own) ? own : '']
}

function bodyOfHttp(code: string): string | null {
  const opened = /^[ \t]*http\s*\{/m.exec(code)
  if (opened === null) return null
  const start = opened.index + opened[0].length
  let depth = 1
  for (const { 0: token, index } of code
    .slice(start)
    .matchAll(/#.*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}]/g)) {
    if (token === '{') depth++
    else if (token === '}' && --depth === 0) return code.slice(start, start + index)
  }
  return null
}
