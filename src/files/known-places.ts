import { posix } from 'node:path'
import type { Program } from './recognise.ts'

/** Where distributions, FreeBSD, Homebrew and the upstream tarballs put the main file, inside the root. */
export const MAIN_FILES: Readonly<Record<Program, readonly string[]>> = {
  nginx: [
    '/etc/nginx/nginx.conf',
    '/usr/local/etc/nginx/nginx.conf',
    '/usr/local/nginx/conf/nginx.conf',
    '/usr/local/openresty/nginx/conf/nginx.conf',
    '/etc/openresty/nginx.conf',
    '/etc/angie/angie.conf',
    '/opt/bitnami/nginx/conf/nginx.conf',
    '/opt/homebrew/etc/nginx/nginx.conf',
  ],
  apache: [
    '/etc/apache2/apache2.conf',
    '/etc/httpd/conf/httpd.conf',
    '/etc/apache2/httpd.conf',
    '/usr/local/etc/apache24/httpd.conf',
    '/usr/local/apache2/conf/httpd.conf',
    '/opt/bitnami/apache2/conf/httpd.conf',
    '/opt/bitnami/apache/conf/httpd.conf',
    '/opt/homebrew/etc/httpd/httpd.conf',
    '/usr/local/etc/httpd/httpd.conf',
  ],
}

/** The folders of {@link MAIN_FILES}, all that a search of a whole machine looks into; longest first. */
export const SERVER_FOLDERS: readonly string[] = [
  ...new Set(
    Object.values(MAIN_FILES)
      .flat()
      .map(path => path.replace(/\/(?:conf\/)?[^/]*$/, '')),
  ),
].sort((a, b) => b.length - a.length)

/** The first folders of a machine's own tree: in them only a server's own folder is looked into. */
const SYSTEM_FOLDERS = new Set(
  'bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var'.split(' '),
)
const SERVER_COMPONENT = /^(?:nginx|apache\d*|httpd\d*|openresty|angie)$/
const SITE_COMPONENT = /^(?:sites?|vhosts?|servers?|conf|config)(?:[.-](?:d|available|enabled|conf))?$/

const BACKUP =
  /(?:~|\.(?:bak|backup|old|orig|rej|save|sav|swp|swo|tmp|disabled|off|dpkg-\w+|ucf-\w+|rpmnew|rpmsave|rpmorig|pacnew|pacsave)|^\.#.*|^#.*#)$/
const SAMPLE = /[.-](?:default|sample|dist|example)$/
/** Keys, archives, programs, pictures, other languages and data: never a server's configuration. */
const OTHER_EXTENSION =
  /\.(?:pem|key|crt|cer|csr|der|p12|pfx|jks|gpg|asc|pub|gz|bz2|xz|zst|zip|tar|tgz|jar|war|so|o|a|exe|dll|bin|dat|db|sqlite3?|wasm|png|jpe?g|gif|ico|svg|webp|woff2?|ttf|eot|otf|pdf|mp[34]|mov|avi|mo|po|pot|pyc?|pyi|wsgi|rb|pl|pm|php|js|mjs|cjs|jsx|ts|tsx|mts|vue|css|scss|less|html?|xhtml|xml|xsl|json5?|jsonl|ya?ml|toml|ini|cfg|env|md|rst|txt|adoc|csv|tsv|sql|sh|bash|zsh|fish|bat|ps1|c|h|cc|cpp|hpp|cs|go|rs|java|kt|scala|swift|lua|r|ex|exs|erl|hs|ml|clj|el|vim|lock|log|map|diff|patch|service|socket|timer|target|mount|rules|vcl|tf|hcl|tfvars|nix|proto|graphql|dockerfile|makefile|mk|cmake|gradle|properties|plist|pom|sha\d*|md5|sum|iml|class|groovy|pid)$/i
const OTHER_NAME =
  /^(?:mime\.types|(?:fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|koi-utf|koi-win|win-utf|magic|envvars|dockerfile.*|makefile|license|licence|copying|readme|changelog|authors|notice|procfile|\..+|.*ftpd.*)$/i
const TEMPLATE_EXTENSION = /\.(?:template|tmpl|tpl|j2|jinja2?|erb|epp|in|gotmpl|mustache)$/i

/**
 * Folders whose files wait to be linked or included by name: where a main file is there, it decides which
 * of them count.
 */
const ON_DEMAND = /^(?:(?:sites|conf|mods|modules)-available|snippets)$/

/** What the path alone says of a file inside a root. */
export interface PathVerdict {
  /** The program whose folder the file lies in. */
  readonly program: Program | null
  readonly onDemand: boolean
}

/** Null for a path that is never looked into: keys, backups, data, other programs' folders. */
export function judgePath(path: string): PathVerdict | null {
  const name = posix.basename(path)
  if (BACKUP.test(name) || OTHER_NAME.test(name)) return null
  if (OTHER_EXTENSION.test(name.replace(TEMPLATE_EXTENSION, ''))) return null
  const folders = path.split('/').slice(1, -1)
  let program: Program | null = null
  let onDemand = false
  for (const folder of folders) {
    if (SERVER_COMPONENT.test(folder)) program = /^(?:apache|httpd)/.test(folder) ? 'apache' : 'nginx'
    if (ON_DEMAND.test(folder)) onDemand = true
  }
  const first = folders[0]
  if (first !== undefined && SYSTEM_FOLDERS.has(first)) {
    if (program === null || SAMPLE.test(name)) return null
  } else if (program === null && !isConfigurationName(name, folders.at(-1))) {
    return null
  }
  return { program, onDemand }
}

/** True where a main file is often called so. */
export function isMainName(path: string, program: Program): boolean {
  const name = posix.basename(path)
  return program === 'nginx' ? /^(?:nginx|openresty|angie)\b/.test(name) : /^(?:apache2|httpd)\b/.test(name)
}

/** `x.conf`, `x.conf.j2`, or a name such as `example.org` in the top folder or one that holds sites. */
function isConfigurationName(name: string, folder: string | undefined): boolean {
  if (/\.(?:conf|vhost|nginx|apache|httpd|htaccess)(?:\.\w+)?$/.test(name)) return true
  if (TEMPLATE_EXTENSION.test(name)) return true
  return folder === undefined || SITE_COMPONENT.test(folder)
}
