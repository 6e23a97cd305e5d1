import { posix } from 'node:path'
import { phpRequired } from '../../parsers/php/script.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { FpmPool } from '../../parsers/php/fpm.ts'
import type { NginxConnection, PhpFpmProgram } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { phpPool, phpSite } from './_examples.ts'
import { isBesideNginx } from './_php-connections.ts'
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
  *check({ connections }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass' || !isBesideNginx(connection)) continue
      const { server, block, from } = connection
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const { program } = to.listener
        const allowed = allowedDirectories(program)
        if (allowed === null) continue
        const set = requestParameters(server.configuration, block, 'fastcgi')
        const sent = set.known
          ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME')
          : undefined
        const directory = sent === undefined ? null : scriptDirectory(sent.value, documentRoot(connection))
        const real = directory === null ? null : from.machine.files.realPath(directory)
        const isClosed =
          directory !== null && real !== null && !allows(program, allowed.directories, [directory, real])
        const lost =
          directory === null || real === null || isClosed
            ? null
            : notLoaded(program, allowed.directories, directory)
        if (isClosed)
          yield {
            at: allowed.at,
            message: `PHP may open nothing in \`${directory}\`, the root of the scripts, so each is answered with 404`,
            label: 'the root is not among them',
            related: sent?.at == null ? [] : [{ at: sent.at, message: 'the script that nginx names' }],
          }
        else if (lost !== null)
          yield {
            at: allowed.at,
            message: `PHP may open nothing in \`${posix.dirname(lost.path)}\`, which \`${posix.basename(lost.at.source.path)}\` loads, so each page ends there: open_basedir restriction in effect`,
            label: 'leaves out what the pages load',
            related: [{ at: lost.at, message: 'loaded here' }],
          }
        else if (takesUploads(program, connection) && !allows(program, allowed.directories, ['/tmp']))
          yield {
            at: allowed.at,
            aspect: 'uploads',
            severity: 'warning',
            message: 'PHP may write nothing in `/tmp`, where it puts uploads, so each of them fails',
            label: 'no directory for uploads',
            help: 'Add `/tmp`, or set `upload_tmp_dir` to one of these directories',
          }
      }
    }
  },
})

/** What the script that answers every page loads from elsewhere, and PHP may not open; null where there is none. */
function notLoaded(program: PhpFpmProgram, allowed: readonly string[], directory: string) {
  const { files } = program.machine
  const source = sourceAt(files, `${directory}/index.php`)
  if (source === null) return null
  for (const { path, at } of phpRequired(source)) {
    const whole = posix.join(directory, path)
    const real = files.realPath(whole) ?? whole
    if (!allows(program, allowed, [whole, real])) return { path: whole, at }
  }
  return null
}

/** What `open_basedir` lists; null where it is not set, not known, or takes in what nobody can list. */
function allowedDirectories(program: PhpFpmProgram) {
  const written = program.phpSetting('open_basedir')
  if (written?.known !== true || written.at === null) return null
  const directories = written.value.split(':').map(entry => entry.trim())
  if (!directories.every(entry => /^\/[^\s${}]*$/.test(entry))) return null
  return { at: written.at, directories }
}

/** True also where an entry is the beginning of a name, which versions of PHP read in two ways. */
function allows({ machine }: PhpFpmProgram, allowed: readonly string[], paths: readonly string[]): boolean {
  return allowed.some(entry => {
    const directory = cleanPath(entry)
    const real = machine.files.realPath(directory) ?? directory
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
