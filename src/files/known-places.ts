import { posix } from 'node:path'
import { recent } from '../../parsers/collections/recent.ts'
import { isCopyName } from '../../parsers/text/copy-name.ts'
import type { Program } from './program.ts'

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

/** A directory in which a package keeps its configuration; Apache's is the usual ServerRoot. */
export interface Home {
  readonly path: string
  readonly program: Program
}

export const HOMES: readonly Home[] = (['nginx', 'apache'] as const).flatMap(program =>
  MAIN_FILES[program].map(path => ({
    path: path.replace(program === 'nginx' ? /\/[^/]*$/ : /\/(?:conf\/)?[^/]*$/, ''),
    program,
  })),
)

/** The directories of {@link MAIN_FILES}, all that a search of a whole machine looks into; longest first. */
export const SERVER_DIRECTORIES: readonly string[] = [
  ...new Set(
    Object.values(MAIN_FILES)
      .flat()
      .map(path => path.replace(/\/(?:conf\/)?[^/]*$/, '')),
  ),
].sort((a, b) => b.length - a.length)

/** The first directories of a machine's own tree: in them only a server's own directory is looked into. */
export const SYSTEM_DIRECTORIES: ReadonlySet<string> = new Set(
  'bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var'.split(' '),
)
const SITE_DIRECTORY = /^(?:sites?|vhosts?|servers?|conf|config)(?:[.-](?:d|available|enabled|conf))?$/

/** In front of a file's extension: `nginx.bak.conf`, `site-old.conf`. */
const BACKUP_INSIDE = /[._-](?:bak|backup|old|orig)\d*\.(?:conf|vhost)$/i
const SAMPLE = /\.(?:default|sample|dist|example|examples)$|[_-](?:sample|dist|example)$/i
/** Keys, archives, programs, pictures, other languages and data: never a server's configuration. */
const OTHER_EXTENSIONS: ReadonlySet<string> = new Set(
  `pem key crt cer csr der p12 pfx jks gpg asc pub gz bz2 xz zst zip tar tgz jar war phar so o a exe dll
bin dat db sqlite3 sqlite wasm png jpeg jpg gif ico svg webp woff2 woff ttf eot otf pdf mp3 mp4 mov avi
mo po pot pyc py pyi wsgi fcgi cgi rb pl pm t pp phtml ctp js mjs cjs jsx ts tsx mts vue css scss
sass less html htm xhtml xml xsl xsd json5 json jsonl yaml yml toml ini env md mdx markdown rst txt
adoc csv tsv sql sh bash zsh fish bat cmd psd1 psm1 ps1 c h cc cpp cxx hpp cs go rs java kt scala swift
lua r ex exs erl hrl hs ml clj el vim lock log map diff patch service socket timer target mount rules
vcl tf hcl tfvars nix proto graphql dockerfile makefile mk am cmake gradle properties plist pom md5 sum
iml class groovy pid spec gemspec rake ipynb snippets blade slim haml pug mas psd ai eps
tex bib doc docx xls xlsx ppt m4 ac 3pm`.split(/\s/),
)
/** What people call a part of a file of any program, and forms of template: only what they hold says whose. */
const SHARED_EXTENSION = /\.(?:cfg|inc|snip|snippet|twig|latte|volt)$/i
/** Nearly all of them are of pages: `page.html.twig`. */
const PAGE_TEMPLATE = /\.(?:twig|latte|volt)$/i
/** Versions of PHP, kinds of checksums, and chapters of the manual unless a release ends so. */
const OTHER_NUMBERED = /\.(?:php\d?|sha\d*|(?<!\d\.)[1-8])$/i

function hasOtherExtension(name: string): boolean {
  const dot = name.lastIndexOf('.')
  return dot !== -1 && (OTHER_EXTENSIONS.has(name.slice(dot + 1).toLowerCase()) || OTHER_NUMBERED.test(name))
}

/** Text, and templates of M4 and PHP, by a name that says what is in them: only their lines tell whether it is true. */
const SERVERS_TEXT =
  /(?:nginx|apache|httpd|vhost)(?:[-_.](?:sample|example|conf(?:ig)?|vhost|site))?\.txt$|(?:nginx|apache|httpd|vhost)[^/]*\.(?:m4|phtml)$|\.conf\.(?:txt|m4|phtml)$/i

/** Stock files, which only an `include` makes configuration, and files of everybody's projects. */
const OTHER_NAME =
  /^(?:mime\.types|(?:fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|koi-utf|koi-win|win-utf|magic|envvars|(?:upsd|upsmon|upssched|ups|nut)\.conf|dockerfile.*|(?:gnu)?makefile.*|rakefile|gemfile.*|(?:vagrant|jenkins|berks|cake|cap|guard|pod|fast|brew|puppet|thor|danger|tilt|earth|pip|caddy|bundle)file(?:\..+)?|justfile|procfile(?:\..+)?|gruntfile.*|license.*|licence.*|copying.*|readme.*|changelog.*|changes|news|todo|roadmap|install|authors|contributors|notice|codeowners|manifest\.in|version|\..+|(?!.*(?:nginx|apache|sites[-_.])).*ftpd.*)$/i
const TEMPLATE_EXTENSION =
  /\.(?:template|tmpl|tpl|stpl|j2|jinja2?|erb|epp|in|gotmpl|gtpl|ctmpl|ejs|hbs|handlebars|mustache|mako|master|macro|envsubst|(?<=\.conf\.)twig)$/i
/** `ht.access` is what MODX ships its own under, `redhat_htaccess.erb` a template for one of several. */
const HTACCESS =
  /^(?:\.|_|dot[._-]?)?htaccess(?:[._-]\w+)*$|^ht\.access$|\.htaccess$|[._-]htaccess\.(?:erb|epp|j2|jinja2?|in|tpl|tmpl|template)$/i

/** What the editor Ace shows its colours with, one file for each language. */
const OF_EDITORS = /\/kitchen-sink\/docs\/[^/]+$/

/** Modules of Go that a repository keeps a copy of, and what FTP servers have in Apache's form. */
const OF_OTHERS = /\/vendor\/(?:[\w-]+\.)+[a-z]+\/|\/(?:pro|vs|pure-)ftpd\//

/** What tests of a program read, and compare with what it makes of it. */
const OF_TESTS =
  /\/(?:(?:[\w-]+-)?testdata|testfiles[\w-]*|tests?\/(?:data|root)|tests\/integration\/targets|integration[-_]tests?|fixtures|__fixtures__)\/|\/tests?\/(?:.*\/)?(?:passing|failing)\/|\/molecule\/[\w.-]+\/files\//

/** Pages about `.htaccess`, whatever their language. */
const MANUAL = /\.(?:html?|xml|md|rst|adoc|tex)(?:\.|$)/i

/** What REUSE keeps beside a file of the rights in it. */
const LICENCE = /\.licen[cs]e$/i

/**
 * Directories whose files wait to be linked or included by name, where something else says which of them
 * count.
 */
const ON_DEMAND = /^(?:sites|conf|vhosts?|streams?)[-_.]available$/
/** Of these nearly all are the package's own. */
const STOCK_ON_DEMAND = /^(?:mods|modules)-available$/
/** The limits of workers, which people write into the file of the package, and which name their MPM themselves. */
const OF_MPM = /^mpm_(?:prefork|worker|event)\.conf$/

/** What a path alone says of a file inside a root. */
export type PathVerdict =
  | {
      readonly kind: 'candidate' | 'htaccess'
      /** The program whose directory the file lies in. */
      readonly program: Program | null
      /** The directory of which somebody else says what counts (`/etc/nginx/sites-available`); null elsewhere. */
      readonly onDemand: string | null
      /** False where nothing but its content could say that it is a server's. */
      readonly named: boolean
      /** True for `x.conf.sample` and its like: of use beside nothing but itself. */
      readonly sample: boolean
    }
  /** Looks like a server's file and is not live. */
  | { readonly kind: 'backup' }
  /** One of the many that a package brings and nothing enables. */
  | { readonly kind: 'stock' }
  /** Looks like a server's file, and lies where tests keep what they read. */
  | { readonly kind: 'test-data' }

/**
 * Null for a path that is never looked into: keys, data, programs, other programs' directories.
 *
 * @param isPlaced false where the path is not the machine's own: a repository may call a directory `root` or `srv`
 */
export function judgePath(path: string, isPlaced = true): PathVerdict | null {
  if (OF_EDITORS.test(path) || OF_OTHERS.test(path)) return null
  const verdict = judgeName(path, isPlaced)
  if (verdict === null || !OF_TESTS.test(path)) return verdict
  return 'named' in verdict && verdict.named ? { kind: 'test-data' } : null
}

function judgeName(path: string, isPlaced: boolean): PathVerdict | null {
  const name = posix.basename(path)
  if (
    HTACCESS.test(name) &&
    !/\.conf$/i.test(name) &&
    !MANUAL.test(name) &&
    !LICENCE.test(name) &&
    (!hasOtherExtension(name) || name.endsWith('.txt'))
  ) {
    if (isCopyName(name)) return { kind: 'backup' }
    const sample = name !== '.htaccess'
    return { kind: 'htaccess', program: 'apache', onDemand: null, named: true, sample }
  }
  const sample = SAMPLE.test(name)
  const live = name.replace(SAMPLE, '').replace(TEMPLATE_EXTENSION, '')
  const { program, onDemand, isStock, isSystem, last } = judgeDirectory(posix.dirname(path))
  const isOther = hasOtherExtension(live.replace(PAGE_TEMPLATE, ''))
  const isText = SERVERS_TEXT.test(name) || (program !== null && /\.txt$/i.test(name))
  if (OTHER_NAME.test(name) || (isOther && !isText && !isSite(name, program, last))) return null
  const isElsewhere = isSystem && program === null && !SERVER_NAME.test(name)
  const named =
    !isText &&
    !isShared(live, program) &&
    (program !== null || (!isElsewhere && isConfigurationName(name, last)))
  if (isCopyName(name) || (isCopyName(live) && !isForDisabled(live, name)) || BACKUP_INSIDE.test(live))
    return named ? { kind: 'backup' } : null
  if (isElsewhere && isPlaced) return null
  if (isStock && !(last === 'mods-available' && OF_MPM.test(live))) return { kind: 'stock' }
  return { kind: 'candidate', program, onDemand, named, sample }
}

/** True for `domain_disabled.tpl`, from which a program makes the site that takes the place of one that is disabled. */
function isForDisabled(live: string, name: string): boolean {
  return live !== name && TEMPLATE_EXTENSION.test(name) && /[_-](?:disabled?|deactivated)$/i.test(live)
}

/** What the directories above a file say of it, asked once for all files of one. */
const judgeDirectory = recent((path: string) => {
  const directories = path.split('/').filter(name => name !== '')
  let program: Program | null = null
  let onDemand: string | null = null
  let isStock = false
  for (const [index, directory] of directories.entries()) {
    program = programOfDirectory(directory) ?? program
    if (ON_DEMAND.test(directory) || STOCK_ON_DEMAND.test(directory))
      onDemand = `/${directories.slice(0, index + 1).join('/')}`
    if (STOCK_ON_DEMAND.test(directory)) isStock = true
  }
  const isSystem = SYSTEM_DIRECTORIES.has(directories[0] ?? '')
  return { program, onDemand, isStock, isSystem, last: directories.at(-1) }
})

/**
 * `app.conf` of `app.conf.nossl` and of `_app.conf_`, which a pattern that ends in `*.conf` leaves out; null for a
 * name that ends so itself, and for templates and samples, of which something else makes the file that is read.
 */
export function confOf(path: string): string | null {
  const name = posix.basename(path).replace(SAMPLE, '').replace(TEMPLATE_EXTENSION, '')
  const conf = /^_?(.*[^_.#].*\.conf)[._-]/i.exec(name)?.[1]
  return conf === undefined ? null : posix.join(posix.dirname(path), conf)
}

/** True for a file that its name or its directory says to be a configuration, so that whoever keeps it may expect it to be read. */
export function isCalledConfiguration(path: string): boolean {
  const name = posix.basename(path)
  return CONFIGURATION_NAME.test(name) || SERVER_NAME.test(name) || isOfServers(posix.dirname(path))
}

const CONFIGURATION_NAME = /\.(?:conf|vhost|nginx|ngx|apache2?|httpd)(?:[._-]\w+)*$/i

/** A name that says whose it is, wherever the file lies. */
const SERVER_NAME = /(?:nginx|apache|httpd|openresty)|\.(?:ngx|vhost)$/i

/** True for a name that says nothing: an `.inc` is PHP's, but in a directory or by the name of the servers. */
function isShared(name: string, program: Program | null): boolean {
  if (!SHARED_EXTENSION.test(name)) return false
  return program === null && !/\.conf\.inc$/i.test(name) && !SERVER_NAME.test(name)
}

/** A site by its name, whose country's letters are a language's too: `sites-available/example.rs`. */
function isSite(name: string, program: Program | null, last: string | undefined): boolean {
  return program !== null && /^sites[-_.]/.test(last ?? '') && COUNTRY.test(name)
}

const COUNTRY = /^[a-z\d-]+(?:\.[a-z\d-]+)*\.(?:rs|pl|sh|py|ml|md|pm|mk|am|ai|so|mo|ps|cc|in)$/

/** The program whose directories are called so. */
export function programOfDirectory(name: string): Program | null {
  if (/^(?:nginx|openresty|angie|tengine)(?:[-_.]?(?:conf|config|conf\.d))?$/i.test(name)) return 'nginx'
  return /^(?:apache|httpd)\d*(?:[-_.]?(?:conf|config|conf\.d))?$/i.test(name) ? 'apache' : null
}

/**
 * True where a server reads a file by what it is called and where it lies: the main file of a package, and all in
 * a directory such as `nginx/sites-enabled`.
 */
export function isReadByPlace(path: string): boolean {
  const directory = posix.dirname(path)
  return /^(?:nginx|angie|apache2|httpd)\.conf$/.test(posix.basename(path)) || isReadWhole(directory)
}

/** True for a directory of which a server reads every file: `nginx/conf.d`, `apache2/sites-enabled`. */
export function isReadWhole(directory: string): boolean {
  return READ_WHOLE.test(posix.basename(directory)) && isOfServers(posix.dirname(directory))
}

/** True for the directory of a server and all in it. */
export function isOfServers(directory: string): boolean {
  return judgeDirectory(directory).program !== null
}

const READ_WHOLE = /^(?:sites|conf|mods|modules|vhosts?|streams?)[-_.]enabled$|^conf\.d$/

/** True for a file in a directory whose files httpd's main file includes, whatever stands in it. */
export function isPart(path: string): boolean {
  return APACHE_PARTS.test(posix.basename(posix.dirname(path)))
}

const APACHE_PARTS = /^(?:conf(?:\.modules)?\.d|(?:conf|mods|sites)-(?:available|enabled))$/

/** True where a main file is often called so. */
export function isMainName(path: string, program: Program): boolean {
  const name = posix.basename(path)
  if (program === 'nginx') return /^(?:nginx|openresty|angie)\b/.test(name)
  return /^(?:apache2|httpd)\b/.test(name) && !APACHE_EXTRA.test(name)
}

/** What httpd's own tarball puts into `conf/extra`. */
const APACHE_EXTRA =
  /^httpd-(?:autoindex|dav|default|info|languages|manual|mpm|multilang-errordoc|policy|proxy|proxy-html|ssl|userdir|vhosts)\b/

/** `x.conf`, `x.conf.j2`, or a name such as `example.org` in the top directory or one that holds sites. */
function isConfigurationName(name: string, directory: string | undefined): boolean {
  if (CONFIGURATION_NAME.test(name)) return true
  if (TEMPLATE_EXTENSION.test(name) || SERVER_NAME.test(name)) return true
  return directory === undefined || SITE_DIRECTORY.test(directory)
}
