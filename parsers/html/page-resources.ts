import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'

/** What a browser asks for, in the words of a Content Security Policy. */
export type ResourceKind = 'script' | 'style' | 'connect' | 'frame'

export interface PageResource {
  readonly kind: ResourceKind
  /** The host that it comes from, in lower case; null for what stands in the page itself. */
  readonly host: string | null
  readonly at: Place
}

export interface PageResources {
  /** Of other hosts, and what stands in the page. */
  readonly resources: readonly PageResource[]
  /** Scripts of the site itself, as the page names them. */
  readonly scripts: readonly string[]
}

const TAG = /<(script|link|style|iframe)\b((?:[^>"']|"[^"]*"|'[^']*')*)>/gi
/** What a browser that runs scripts passes over, and what it keeps until a script takes it. */
const NOT_LOADED = /<!--[\s\S]*?-->|<(noscript|template)\b[^>]*>[\s\S]*?<\/\1\s*>/gi
const ATTRIBUTE = /([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g
/** Letters of a template in front of which nobody knows what comes. */
const FILLED_IN = /\{\{|\{%|<%|<\?|\$\{|%\w+%/
const OF_HOST = /^(?:(?:https?|wss?):)?\/\/([a-z\d.-]+\.[a-z]{2,})(?=[:/?#]|$)/i
/** The host of an absolute URL; null for any other. */
export function hostOf(url: string): string | null {
  return FILLED_IN.test(url.slice(0, 60)) ? null : (OF_HOST.exec(url)?.[1]?.toLowerCase() ?? null)
}

/** What a page of HTML loads by its tags. */
export const pageResources = memo((source: Source): PageResources => {
  const code = source.text.replace(NOT_LOADED, text => ' '.repeat(text.length))
  const resources: PageResource[] = []
  const scripts: string[] = []
  // In a template anything may be around a tag.
  if (/\{%|<%|<\?php/.test(code)) return { resources, scripts }
  let behind = 0
  for (const { 0: whole, 1: tag = '', 2: words = '', index } of code.matchAll(TAG)) {
    // What stands in a script is none.
    if (index < behind) continue
    const name = tag.toLowerCase()
    const attributes = new Map(
      [...words.matchAll(ATTRIBUTE)].map(
        match => [(match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? match[4] ?? ''] as const,
      ),
    )
    const at: Place = { source, start: index, end: index + whole.length }
    const end = index + whole.length
    if (name === 'script' || name === 'style') {
      const close = code.toLowerCase().indexOf(`</${name}`, end)
      behind = close === -1 ? code.length : close
    }
    const url = attributes.get(name === 'link' ? 'href' : 'src')
    if (name === 'link' && !/(?:^|\s)stylesheet(?:\s|$)/i.test(attributes.get('rel') ?? '')) continue
    if (attributes.has('nonce')) continue
    const kind = name === 'script' ? 'script' : name === 'iframe' ? 'frame' : 'style'
    if (
      name === 'script' &&
      !/^(?:|module|(?:text|application)\/javascript)$/i.test(attributes.get('type') ?? '')
    )
      continue
    if (url === undefined) {
      const isEmpty = code.slice(end, behind).trim() === ''
      if ((name === 'script' || name === 'style') && !isEmpty) resources.push({ kind, host: null, at })
      continue
    }
    const host = hostOf(url)
    if (host !== null) resources.push({ kind, host, at })
    else if (kind === 'script' && /^[\w./-]+\.m?js(?:\?|$)/.test(url)) scripts.push(url.replace(/\?.*/s, ''))
  }
  return { resources, scripts }
})
