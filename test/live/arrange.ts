import { textSource } from '../../parsers/text/source.ts'
import { recognise } from '../../src/files/recognise.ts'
import { isProject, PROJECT } from './containers.ts'

/**
 * Turns the files of an example into a deployment that can be started: a fragment gets the outer part it
 * lacks, and everything that its directives name (scripts, certificates, directories, users) is listed to be made.
 */

export interface Arranged {
  /** Absolute path to text. */
  readonly files: Readonly<Record<string, string>>
  readonly nginx: boolean
  readonly apache: boolean
  /** A port on which each server will listen, to wait for. */
  readonly nginxPort: number
  readonly apachePort: number
  readonly scripts: readonly string[]
  readonly certificates: readonly string[]
  readonly directories: readonly string[]
  readonly users: readonly string[]
}

const MODULES = [
  'mpm_worker',
  'auth_basic',
  'authn_core',
  'authn_file',
  'authz_core',
  'authz_host',
  'authz_user',
  'access_compat',
  'setenvif',
  'env',
  'headers',
  'alias',
  'rewrite',
  'mime',
  'negotiation',
  'dir',
  'status',
  'remoteip',
  'proxy',
  'proxy_fcgi',
  'proxy_http',
  'reqtimeout',
  'wsgi',
] as const

/** Accounts that units, pools and uWSGI name. */
const ACCOUNTS =
  /^\s*(?:User|Group|uid|gid|user|group|SocketUser|SocketGroup|listen\.owner|listen\.group)\s*=\s*([a-z_][\w-]*)[ \t]*$/gm

export const MODULES_DIRECTORY = '/usr/lib/apache2/modules'

export function arrange(files: Readonly<Record<string, string>>): Arranged {
  const written: Record<string, string> = {}
  const nginxFragments: string[] = []
  const apacheFragments: string[] = []
  const project = isProject(files)
  for (const [name, text] of Object.entries(files)) {
    if (name.startsWith('.')) continue
    if (project && !/^(?:etc|usr|srv|var|opt)\//.test(name)) {
      written[`${PROJECT}/${name}`] = text
      continue
    }
    const program = recognise(textSource(`/${name}`, text))?.program
    if (name.includes('/')) {
      written[`/${name}`] = text
    } else if (program === 'apache') {
      apacheFragments.push(text)
    } else if (program === 'nginx') {
      nginxFragments.push(text)
    } else {
      written[`/opt/${name}`] = text
    }
  }
  if (nginxFragments.length > 0) {
    written['/etc/nginx/nginx.conf'] = nginxMain()
    nginxFragments.forEach((text, index) => {
      written[`/etc/nginx/fragments/${index}.conf`] = text
    })
  }
  if (apacheFragments.length > 0) {
    written['/etc/apache2/apache2.conf'] = apacheMain(apacheFragments.join('\n'))
    apacheFragments.forEach((text, index) => {
      written[`/etc/apache2/fragments/${index}.conf`] = text
    })
  }
  const text = Object.entries(written)
    .filter(([path]) => path.startsWith('/etc/'))
    .map(([, content]) => content)
    .join('\n')
  const nginxText = Object.entries(written)
    .filter(([path]) => path.startsWith('/etc/nginx/'))
    .map(([, content]) => content)
    .join('\n')
  return {
    files: written,
    nginx: written['/etc/nginx/nginx.conf'] !== undefined,
    apache: written['/etc/apache2/apache2.conf'] !== undefined,
    nginxPort: Number(/^\s*listen\s+(?:\S*:)?(\d+)/m.exec(nginxText)?.[1] ?? 80),
    apachePort: Number(/^\s*Listen\s+(?:\S*:)?(\d+)/m.exec(text)?.[1] ?? 80),
    scripts: all(
      text,
      /^\s*WSGI(?:ScriptAlias(?:Match)?|ImportScript)\s+(?:(?:"[^"]*"|\S+)\s+)?"?(\/[^\s"]+)/gm,
    ),
    certificates: certificatesIn(text),
    directories: all(text, /^\s*(?:root|alias|DocumentRoot)\s+"?(\/[^\s;"]+)/gim),
    users: [...all(text, /\b(?:user|group)=([a-z_][\w-]*)/g), ...all(text, ACCOUNTS)].filter(
      user => user !== 'www-data' && user !== 'root',
    ),
  }
}

/** The files of certificates and keys that configuration names. */
export function certificatesIn(text: string): readonly string[] {
  return [
    ...all(
      text,
      /^\s*(?:ssl_certificate(?:_key)?|ssl_client_certificate|SSLCertificate(?:Key)?File)\s+"?(\/[^\s;"]+)/gim,
    ),
    ...all(text, /\s--(?:certfile|keyfile)[ =](\/\S+)/g),
  ]
}

function all(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(match => match[1] ?? ''))].filter(value => value !== '')
}

function nginxMain(): string {
  return `user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {}
http {
    access_log off;
    include /etc/nginx/fragments/*.conf;
}
`
}

function apacheMain(fragments: string): string {
  const loaded = MODULES.map(name => `LoadModule ${name}_module ${MODULES_DIRECTORY}/mod_${name}.so`)
  const ports = /^\s*Listen\s/im.test(fragments)
    ? []
    : [...new Set(all(fragments, /<VirtualHost\s[^>]*:(\d+)\s*>/gi))].map(port => `Listen 127.0.0.1:${port}`)
  // Few processes start fast; an example that speaks of the limits gets none of ours.
  const limits = /^\s*(?:ServerLimit|MaxRequestWorkers|ThreadsPerChild)\s/im.test(fragments)
    ? []
    : ['ServerLimit 4', 'StartServers 1', 'MaxRequestWorkers 100']
  return [
    'ServerRoot /etc/apache2',
    'ServerName localhost',
    'PidFile /run/apache2/apache2.pid',
    'DefaultRuntimeDir /run/apache2',
    'Mutex file:/run/apache2 default',
    'ErrorLog /var/log/apache2/error.log',
    ...loaded,
    'User www-data',
    'Group www-data',
    'TypesConfig /etc/mime.types',
    'WSGISocketPrefix /run/apache2/wsgi',
    ...limits,
    ...ports,
    'IncludeOptional /etc/apache2/fragments/*.conf',
    '',
  ].join('\n')
}
