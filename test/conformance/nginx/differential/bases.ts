import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A main file that nginx accepts, to be mutated. */
export interface Base {
  readonly name: string
  readonly text: string
}

/** Where Debian keeps the modules that are files of their own. */
export const MODULES = '/usr/lib/nginx/modules'

/**
 * The configurations beside this file, those of `stream` and `mail` where the module is installed, and
 * the one that Debian installs, its site in place.
 */
export function readBases(modules: string): readonly Base[] {
  const folder = new URL('../bases/', import.meta.url)
  const bases: Base[] = []
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const name = file.replace('.conf', '')
    const needed = /^(?:stream|mail)/.exec(name)?.[0]
    if (needed === undefined) bases.push({ name, text })
    else {
      const module = join(modules, `ngx_${needed}_module.so`)
      if (existsSync(module)) bases.push({ name, text: `load_module ${module};\n${text}` })
    }
  }
  const debian = '/etc/nginx/nginx.conf'
  const site = '/etc/nginx/sites-available/default'
  if (existsSync(debian) && existsSync(site)) {
    const text = readFileSync(debian, 'utf8')
    bases.push({
      name: 'debian',
      text: text.replace(/include \/etc\/nginx\/sites-enabled\/\*;/, readFileSync(site, 'utf8')),
    })
  }
  return bases
}

/** Files that the bases name, by their path beside the main file; a certificate is made where they are put. */
export function companions(): Readonly<Record<string, string>> {
  const stock = ['mime.types', 'fastcgi_params', 'uwsgi_params', 'scgi_params', 'proxy_params']
  const files: Record<string, string> = {
    'events.inc': 'worker_connections 128;\n',
    'snippets/headers.conf': 'add_header X-Frame-Options DENY;\n',
    'conf.d/map.conf': 'map $uri $included { default 1; }\n',
    htpasswd: 'user:{PLAIN}password\n',
    'logs/.keep': '',
    'cache/.keep': '',
  }
  for (const name of stock) files[name] = readFileSync(`/etc/nginx/${name}`, 'utf8')
  return files
}
