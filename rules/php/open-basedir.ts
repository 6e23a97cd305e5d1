import { posix } from 'node:path'
import { phpRequired } from '../../parsers/php/script.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { FpmPool } from '../../parsers/php/fpm.ts'
import { readPhpSettings } from '../../parsers/php/php-settings.ts'
import type { Place } from '../../parsers/text/source.ts'
import { factOf } from '../../parsers/text/written-text.ts'
import type { Deployment, NginxConnection, PhpFpmProgram } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { documentRoot as documentRootOfHost } from '../../src/servers/apache/requests/document-root.ts'
import { type Fact, known, valueOrNull } from '../../src/servers/fact.ts'
import { type RequestHeader, requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain } from '../_examples.ts'
import { phpPool, phpSite } from './_examples.ts'
import { isBesideNginx } from './_php-connections.ts'
import { type PhpBehind, phpOfHost, phpOfPool } from './_php-behind.ts'
import { documentRoot, scriptDirectory } from './_script-directory.ts'

const tree = (lines: string, site = phpSite('')): Record<string, string> => ({
  'etc/nginx/nginx.conf': site,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(lines),
  'srv/www/index.php': '<?php echo "the script runs";\n',
})
const laravel = (lines: string): Record<string, string> => ({
  ...tree(lines, phpSite('').replace('/srv/www', '/srv/www/public')),
  'srv/www/public/index.php': conf`
    <?php
    require __DIR__.'/../lib/autoload.php';
  `,
  'srv/www/lib/autoload.php': '<?php echo "the script runs";\n',
})

/** The same behind Apache, with these lines in the virtual host. */
const inApache = (pool: string, lines: string, modules = ['proxy', 'proxy_fcgi']): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': _, ...files } = laravel(pool)
  return {
    ...files,
    'etc/apache2/apache2.conf': apacheMain(
      conf`
        Listen 80
        <VirtualHost *:80>
            ServerName example.org
            DocumentRoot /srv/www/public
            DirectoryIndex index.php
            ${lines}
            <Directory /srv/www/public>
                Require all granted
            </Directory>
        </VirtualHost>
      `,
      [...modules, 'dir', 'mime', 'authz_host'],
    ),
    'etc/apache2/mime.types': 'text/css css\n',
  }
}
const TO_POOL = conf`
  <FilesMatch "\.php$">
      SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
  </FilesMatch>
`
/** What nginx sends with each request of the Laravel. */
const sent = (value: string): Record<string, string> => ({
  ...laravel(''),
  'etc/nginx/nginx.conf': phpSite(`fastcgi_param PHP_ADMIN_VALUE ${value};`).replace(
    '/srv/www',
    '/srv/www/public',
  ),
})

export default defineRule({
  summary: '`open_basedir` of PHP leaves out a directory that the site needs',
  severity: 'error',
  otherSeverities: { warning: 'where it is the directory of uploads' },
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP opens no file outside of the directories that `open_basedir` lists. Where the root of nginx is not among them, every script is answered with 404 and `No input file specified.` Where the directory of temporary files is not, PHP has no place for an upload: `$_FILES` holds error 6, and the body is lost. What the first script loads from beside the root, as `vendor` of Composer, ends it: `Failed opening required`.',
  remedy: 'Add the directory to `open_basedir`, behind a colon',
  references: [
    'https://www.php.net/manual/en/ini.core.php#ini.open-basedir',
    'https://www.php.net/manual/en/features.file-upload.errors.php',
  ],
  bad: [
    { title: 'another root', files: tree('php_admin_value[open_basedir] = «/var/www/html:/tmp»') },
    {
      title: 'the directory of the pages, where the first script loads what lies beside it',
      files: laravel('php_admin_value[open_basedir] = «/srv/www/public:/tmp»'),
    },
    {
      title: 'the directory of the pages, sent by nginx',
      files: sent('«"open_basedir=$document_root/:/tmp/:/proc/"»'),
    },
    {
      title: 'the directory of the pages, in a file beside them',
      files: {
        ...laravel(''),
        'srv/www/public/.user.ini': 'open_basedir = «/srv/www/public/:/tmp/»\n',
      },
    },
    {
      title: 'the directory of the pages, behind Apache',
      files: inApache('php_admin_value[open_basedir] = «/srv/www/public:/tmp»', TO_POOL),
    },
    {
      title: 'the directory of the pages, for the module of Apache',
      files: inApache('', 'php_admin_value open_basedir «/srv/www/public:/tmp»', ['mpm_prefork', 'php']),
    },
    {
      title: 'no directory for uploads, in a pool that raises their size',
      files: tree(
        conf`
          php_admin_value[open_basedir] = «/srv/www»
          php_admin_value[upload_max_filesize] = 64M
          php_admin_value[post_max_size] = 64M
        `,
        phpSite('client_max_body_size 64m;'),
      ),
    },
  ],
  good: [
    {
      title: 'the root and the temporary files',
      files: tree('php_admin_value[open_basedir] = /srv/www:/tmp'),
    },
    { title: 'a directory above the root', files: tree('php_admin_value[open_basedir] = /srv/:/tmp/') },
    {
      title: 'another directory for uploads',
      files: tree(
        conf`
          php_admin_value[open_basedir] = /srv/www
          php_admin_value[upload_tmp_dir] = /var/tmp
          php_admin_value[upload_max_filesize] = 64M
        `,
        phpSite('client_max_body_size 64m;'),
      ),
    },
    {
      title: 'the directory of the whole application',
      files: laravel('php_admin_value[open_basedir] = /srv/www:/tmp'),
    },
    {
      title: 'the directory of the whole application, sent by nginx',
      files: sent('"open_basedir=$document_root/../:/srv/www/:/tmp/:/proc/"'),
    },
    {
      title: 'the directory of the whole application, in a file beside the pages',
      files: { ...laravel(''), 'srv/www/public/.user.ini': 'open_basedir = /srv/www/:/tmp/\n' },
    },
    {
      title: 'the directory of the whole application, behind Apache',
      files: inApache('php_admin_value[open_basedir] = /srv/www:/tmp', TO_POOL),
    },
    {
      title: 'the directory of the pages, of which the pool knows better',
      files: {
        ...laravel('php_admin_value[open_basedir] = /srv/www:/tmp'),
        'srv/www/public/.user.ini': 'open_basedir = /srv/www/public/:/tmp/\n',
      },
    },
    { title: 'nobody asks for uploads', files: tree('php_admin_value[open_basedir] = /srv/www') },
    { title: 'the directory of the script', files: tree('php_admin_value[open_basedir] = .:/tmp') },
    {
      title: 'a root that may be a link, for it is not in the audit',
      files: Object.fromEntries(
        Object.entries(tree('php_admin_value[open_basedir] = /var/www/clients/1/web:/tmp')).filter(([path]) =>
          path.startsWith('etc/'),
        ),
      ),
    },
  ],
  *check(deployment) {
    yield* ofNginx(deployment)
    yield* ofApache(deployment)
  },
})

/** A PHP that may open some directories alone, and a directory of scripts that it is asked for. */
interface Restricted {
  readonly files: FileSystem
  readonly allowed: AllowedDirectories
  /** As it is written, and where links lead; null where nobody knows. */
  readonly directory: string | null
  readonly real: string | null
  /** Where the server names the scripts; null where nothing is written. */
  readonly named: Place | null
  /** True where somebody raised what may be uploaded. */
  readonly takesUploads: boolean
}

interface AllowedDirectories {
  readonly at: Place
  readonly directories: readonly string[]
}

function* ofNginx({ connections }: Deployment): Iterable<RuleFinding> {
  for (const connection of connections.nginx) {
    if (connection.pass.name !== 'fastcgi_pass' || !isBesideNginx(connection)) continue
    const { server, block, from } = connection
    const { files } = from.machine
    for (const { to } of connection.targets) {
      if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
      const { program } = to.listener
      const root = documentRoot(connection)
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const sent = set.known ? set.value.headers : []
      const allowed = set.known ? allowedOf(program, sent, root) : null
      if (allowed === null) continue
      const filename = sent.findLast(({ name }) => name === 'SCRIPT_FILENAME')
      const directory = filename === undefined ? null : scriptDirectory(filename.value, root)
      const real = directory === null ? null : files.realPath(directory)
      yield* faultsOf({
        files,
        allowed,
        directory,
        real,
        named: filename?.at ?? null,
        takesUploads: takesUploads(program, connection),
      })
    }
  }
}

/** Of Apache the pool, or its own module, is asked for the scripts of each document root that has one. */
function* ofApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const host of deployment.apacheHosts) {
    const { configuration, virtualHost } = host
    const php = phpOfHost(deployment, host)
    if (php.length === 0) continue
    const files = deployment.filesOf(configuration)
    const root = documentRootOfHost({ configuration, host: virtualHost })
    const directory = root.known ? fromBytes(root.value) : null
    const real = directory === null ? null : files.realPath(directory)
    if (directory === null || real === null || files.kind(`${directory}/index.php`) !== 'file') continue
    for (const each of php) {
      const { pool, machine, setting } = each
      if (pool !== null && (pool.chroot !== null || machine?.files !== files)) continue
      const written = setting('open_basedir')
      const allowed = written === null ? ofUserIni(each, files, directory) : allowedDirectories(written)
      if (allowed !== null)
        yield* faultsOf({ files, allowed, directory, real, named: null, takesUploads: false })
    }
  }
}

function* faultsOf(php: Restricted): Iterable<RuleFinding> {
  const { files, allowed, directory, real, named } = php
  const isClosed = directory !== null && real !== null && !allows(php, [directory, real])
  const lost = directory === null || real === null || isClosed ? null : notLoaded(php, directory)
  if (isClosed)
    yield {
      at: allowed.at,
      message: `PHP may open nothing in \`${directory}\`, the root of the scripts, so each is answered with 404`,
      label: 'the root is not among them',
      related: named === null ? [] : [{ at: named, message: 'the script that nginx names' }],
    }
  else if (lost !== null)
    yield {
      at: allowed.at,
      message: `PHP may open nothing in \`${posix.dirname(lost.path)}\`, which \`${posix.basename(lost.at.source.path)}\` loads, so each page ends there: open_basedir restriction in effect`,
      label: 'leaves out what the pages load',
      related: [{ at: lost.at, message: 'loaded here' }],
    }
  else if (php.takesUploads && !allows({ files, allowed }, ['/tmp']))
    yield {
      at: allowed.at,
      aspect: 'uploads',
      severity: 'warning',
      message: 'PHP may write nothing in `/tmp`, where it puts uploads, so each of them fails',
      label: 'no directory for uploads',
      help: 'Add `/tmp`, or set `upload_tmp_dir` to one of these directories',
    }
}

/** What the script that answers every page loads from elsewhere, and PHP may not open; null where there is none. */
function notLoaded(php: Restricted, directory: string) {
  const { files } = php
  const source = sourceAt(files, `${directory}/index.php`)
  if (source === null) return null
  for (const { path, at } of phpRequired(source)) {
    const whole = posix.join(directory, path)
    const real = files.realPath(whole) ?? whole
    if (!allows(php, [whole, real])) return { path: whole, at }
  }
  return null
}

/** What the pool, its `php.ini` or the location of nginx lists; null where none does, or two do. */
function allowedOf(
  program: PhpFpmProgram,
  sent: readonly RequestHeader[],
  root: string | null,
): AllowedDirectories | null {
  const written = program.phpSetting('open_basedir')
  const lines = sent.filter(({ name, value }) => IN_PARAMETER.test(name) && /\bopen_basedir\b/.test(value))
  const [line] = lines
  if (line === undefined && written === null)
    return root === null ? null : ofUserIni(phpOfPool(program), program.machine.files, root)
  if (line === undefined) return written === null ? null : allowedDirectories(written)
  const value = /(?:^|\n)[ \t]*open_basedir[ \t]*=[ \t]*"?([^"\n;]*)/.exec(line.value)?.[1]
  if (written !== null || lines.length > 1 || line.at === null || value === undefined) return null
  const whole = root === null ? value : value.replace(/\$(?:document_root|realpath_root)\b/g, root)
  return allowedDirectories(known(whole, line.at))
}

/** Settings of PHP that nginx sends with a request. */
const IN_PARAMETER = /^PHP_(?:ADMIN_)?VALUE$/

/** What the file of settings beside the scripts lists, which FPM reads by itself, and no module of Apache does. */
function ofUserIni(php: PhpBehind, files: FileSystem, root: string): AllowedDirectories | null {
  const isRead = php.pool !== null && php.setting('user_ini.filename') === null
  const source = isRead ? sourceAt(files, `${root}/.user.ini`) : null
  const written = source === null ? undefined : readPhpSettings([source]).get('open_basedir')
  return written === undefined ? null : allowedDirectories(factOf(written))
}

/** The directories of a value; null where it is not known, or takes in what nobody can list. */
function allowedDirectories(written: Fact<string>): AllowedDirectories | null {
  if (!written.known || written.at === null) return null
  const directories = written.value
    .trim()
    .split(':')
    .map(entry => entry.trim())
  if (!directories.every(entry => /^\/[^\s${}\uFFFC-\uFFFF]*$/.test(entry))) return null
  return { at: written.at, directories }
}

/** True also where an entry is the beginning of a name, which versions of PHP read in two ways. */
function allows(
  { files, allowed }: Pick<Restricted, 'files' | 'allowed'>,
  paths: readonly string[],
): boolean {
  return allowed.directories.some(entry => {
    const directory = cleanPath(entry)
    const real = files.realPath(directory) ?? directory
    return paths.some(path => path.startsWith(directory) || path.startsWith(real))
  })
}

/** Somebody raised what PHP takes or nginx passes on, and no other place is set for it. */
function takesUploads(program: PhpFpmProgram, { bodyLimit }: NginxConnection): boolean {
  const elsewhere = ['upload_tmp_dir', 'sys_temp_dir'].some(name => {
    const written = program.phpSetting(name)
    return written !== null && (!written.known || written.value.trim() !== '')
  })
  if (elsewhere || hasTemporaryDirectory(program.pool)) return false
  const size = program.phpSetting('upload_max_filesize')
  const isRaised = size?.known === true && !/^\s*[012]M?\s*$/i.test(size.value)
  const passed = valueOrNull(bodyLimit)
  const isPassed =
    passed !== null && passed.directive !== null && (passed.value === 0 || passed.value > 1024 ** 2)
  const isOn = valueOrNull(program.phpSetting('file_uploads') ?? ON)
  return (isRaised || isPassed) && /^(?:1|on|yes|true)$/i.test(isOn ?? '')
}

const ON = { known: true, value: 'On', at: null } as const

function hasTemporaryDirectory({ environment, clearEnvironment }: FpmPool): boolean {
  return environment.has('TMPDIR') || (clearEnvironment !== null && valueOrNull(clearEnvironment) !== true)
}
