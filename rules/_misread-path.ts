/** What only a shell or mod_rewrite fills in, where a path of a file begins with it; null where none does. */
export function unfilledStart(path: string): string | null {
  return /^(~[\w-]*(?=\/)|%\{\w+\}|\$[A-Z_]\w*|https?:\/\/)/i.exec(path)?.[1] ?? null
}

/** False for a path below a directory that a machine or a hosting company really has. */
export function mayBePathOfUrl(path: string): boolean {
  return /^\/[\w.-]/.test(path) && !OF_SYSTEM.test(path)
}

const OF_SYSTEM =
  /^\/(?:(?:home|usr|var|vol|volume|web|www|data|hosting|storage|disk|mnt|nfs|srv|opt|etc|customers?|clients?|users?|vhosts?|sites?|kunden|homepages|apps?|projects?)\d*|htdocs|htsecure|html|httpdocs|public_html|private|root|run|tmp|media|export|workspace|code|apache2?|httpd|nginx|lib|dev|Applications|Library|Users|Volumes|hermes|hp|is|path|full|absolute|your|some)(?:\/|$)/
