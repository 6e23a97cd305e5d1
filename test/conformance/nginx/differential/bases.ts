import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rules } from '../../../../rules/index.generated.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import { evaluateNginx } from '../../../../src/servers/nginx/evaluate.ts'
import { resolveNginx } from '../../../../src/servers/nginx/resolve.ts'

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
  const directory = new URL('../bases/', import.meta.url)
  const bases: Base[] = []
  for (const file of readdirSync(directory).sort()) {
    const text = readFileSync(new URL(file, directory), 'utf8')
    const name = file.replace('.conf', '')
    const needed = /^(?:stream|mail)/.exec(name)?.[0]
    if (needed === undefined) bases.push({ name, text })
    else {
      const module = join(modules, `ngx_${needed}_module.so`)
      if (existsSync(module)) bases.push({ name, text: `load_module ${module};\n${text}` })
    }
  }
  bases.push(...exampleBases(), ...ruleBases())
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

/** The whole deployments of `examples/`, each in one piece. */
function exampleBases(): readonly Base[] {
  const directory = fileURLToPath(new URL('../../../../examples/', import.meta.url))
  return readdirSync(directory).flatMap(name => {
    const files: Record<string, string> = {}
    for (const path of readdirSync(join(directory, name), { recursive: true, encoding: 'utf8' }))
      if (path.startsWith('etc/nginx/') && statSync(join(directory, name, path)).isFile())
        files[`/${path}`] = readFileSync(join(directory, name, path), 'utf8')
    const fileSystem = memoryFileSystem(files)
    const main = fileSystem.read('/etc/nginx/nginx.conf')
    if (main.kind !== 'source') return []
    const version = { value: '1.22.1', from: 'option', at: null } as const
    const configuration = evaluateNginx({ files: fileSystem, main: main.source, fragments: [], version })
    return [{ name: `examples/${name}`, text: withOwnCertificates(resolveNginx(configuration)) }]
  })
}

/** The nginx files of the rules' examples, each made whole. */
function ruleBases(): readonly Base[] {
  return rules.flatMap(({ id, bad, good }) =>
    [...bad, ...good].flatMap(({ files }) =>
      Object.entries(files).flatMap(([path, marked]) => {
        const text = marked.replace(/[«»]/g, '')
        if (!/^(?:etc\/nginx\/)?nginx\.conf$/.test(path) || /\binclude\b/.test(text)) return []
        const isWhole = /^\s*(?:http|stream)\s*\{/m.test(text)
        const events = /^\s*events\b/m.test(text) ? '' : 'events {}\n'
        const whole = isWhole ? `${events}${text}` : `events {}\nhttp {\n${text}\n}\n`
        return [{ name: id, text: withOwnCertificates(whole) }]
      }),
    ),
  )
}

function withOwnCertificates(text: string): string {
  return text
    .replace(/(ssl_(?:client_|trusted_)?certificate\s+)[^\s;]+/g, '$1cert.pem')
    .replace(/(ssl_certificate_key\s+)[^\s;]+/g, '$1key.pem')
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
