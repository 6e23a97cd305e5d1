import type { NginxContext } from './configuration.ts'

/**
 * The context of what stands inside the block `name { … }` that itself stands in `context`, right or
 * wrong: a `location` gives the context of a location wherever someone put it.
 */
export function contextInside(name: string, context: NginxContext): NginxContext {
  if (context === 'data') return 'data'
  switch (name) {
    case 'http':
    case 'events':
    case 'stream':
    case 'mail':
    case 'location':
    case 'limit_except':
      return name
    case 'server':
      if (context === 'stream') return 'stream server'
      if (context === 'mail') return 'mail server'
      // The rtmp module and others have servers of their own, inside blocks that only they know.
      return context === 'unknown' ? 'unknown' : 'server'
    case 'upstream':
      return context === 'stream' ? 'stream upstream' : context === 'unknown' ? 'unknown' : 'upstream'
    case 'if':
      if (context === 'server') return 'server if'
      return context === 'location' ? 'location if' : 'unknown'
    case 'map':
    case 'geo':
    case 'types':
    case 'split_clients':
    case 'charset_map':
    case 'match':
    case 'geoip2':
      return 'data'
    default:
      return 'unknown'
  }
}

/** Whether the entries of a data block may be an `include`; these two hand every line to their module. */
export function honoursInclude(blockName: string): boolean {
  return blockName !== 'split_clients' && blockName !== 'charset_map'
}
