import type { Place } from '../../parsers/text/source.ts'
import { placeText } from '../../parsers/text/source.ts'

/** The first address that `WORDPRESS_CONFIG_EXTRA` gives WordPress for its own. */
export interface WordpressAddress {
  readonly name: string
  readonly url: string
  readonly host: string
  readonly at: Place
}

const DEFINED =
  /^[ \t]*define\(\s*['"](WP_HOME|WP_SITEURL)['"]\s*,\s*['"](https?:\/\/(\[[^\]]*\]|[^/:'"]+)[^'"]*)['"]\s*\)/m

/** Null where nothing defines one, or by what is asked for. */
export function wordpressAddress(text: string, at: Place): WordpressAddress | null {
  const [, name, url, host] = DEFINED.exec(text) ?? []
  if (name === undefined || url === undefined || host === undefined) return null
  const begin = placeText(at).indexOf(url)
  return {
    name,
    url,
    host,
    at: begin === -1 ? at : { ...at, start: at.start + begin, end: at.start + begin + url.length },
  }
}
