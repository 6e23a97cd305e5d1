import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { isUnknownWord, type Place, placeText } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { fpmSources, phpIniSources } from '../../src/deployment/build/programs/php-fpm.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { siteTo } from '../containers/_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxServer, virtualHost } from '../_examples.ts'
import { inIniOfAnotherSapi } from './_ini-of-another-sapi.ts'
import { phpPool, phpSite } from './_examples.ts'
import { inIniOfCli } from './_ini-edited-for-cli.ts'

const tree = (ini: string, pool = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', 'client_max_body_size 100m;'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  'etc/php/8.2/fpm/php.ini': ini,
})

const UPLOADS = conf`
  [PHP]
  upload_max_filesize = 64M
`

const FASTCGI = nginxServer(conf`
  location ~ \.php$ {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:/run/php/php8.2-fpm.sock;
  }
`)
const role = (task: string): Record<string, string> => ({
  'roles/shop/tasks/main.yml': conf`
    - name: limits
      ${task}
  `,
  'roles/shop/templates/site.conf.j2': FASTCGI,
})

export default defineRule({
  summary: 'PHP does not take a setting as it is meant',
  severity: 'warning',
  otherSeverities: { error: 'where no upload or no form reaches a script' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'PHP knows the units `K`, `M` and `G`: of `64MB` it takes the number alone, and 64 bytes are the limit. A setting that it does not know, such as `upload_max_file_size`, and a line without `=` it passes over without a word, and the default of 2M stays. The command line and Apache’s module have a `php.ini` of their own, which FPM does not read.',
  remedy: 'Write `64M`, and the name as the manual has it; `php -i` prints what holds',
  references: [
    'https://www.php.net/manual/en/faq.using.php#faq.using.shorthandbytes',
    'https://www.php.net/manual/en/ini.list.php',
  ],
  bad: [
    {
      title: 'a unit of two letters',
      files: tree(conf`
        [PHP]
        post_max_size = «64MB»
      `),
    },
    {
      title: 'a name that PHP does not know',
      files: tree(conf`
        [PHP]
        «upload_max_file_size» = 64M
      `),
    },
    {
      title: 'a name that PHP does not know among those that nginx sends it',
      files: {
        'etc/nginx/nginx.conf': phpSite(conf`
          fastcgi_param PHP_VALUE "post_max_size=100M
              «upload_max_size»=100M
              memory_limit=«256MB»";
        `),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool(''),
      },
    },
    {
      title: 'a name with a slip',
      files: tree(conf`
        [PHP]
        «memory_limi» = 256M
      `),
    },
    {
      title: 'a colon',
      files: tree(conf`
        [PHP]
        «memory_limit: 256M»
        max_execution_time = 60
      `),
    },
    {
      title: 'uploads in the file of the command line',
      files: {
        ...tree(conf`
          [PHP]
          upload_max_filesize = 2M
        `),
        'etc/php/8.2/cli/php.ini': UPLOADS.replace('64M', '«64M»'),
      },
    },
    {
      title: 'uploads in the file of Apache’s module, which is not loaded',
      files: {
        ...tree(conf`
          [PHP]
          upload_max_filesize = 2M
        `),
        'etc/php/8.2/apache2/php.ini': UPLOADS.replace('64M', '«64M»'),
      },
    },
    {
      title: 'a task of a playbook for the file of the command line',
      files: role(conf`
        ansible.builtin.lineinfile:
          path: "«/etc/php/{{ php }}/cli/php.ini»"
          regexp: "^;?{{ item.key }} ?="
          line: "{{ item.key }} = {{ item.value }}"
        loop:
          - { key: upload_max_filesize, value: 64M }
          - { key: post_max_size, value: 64M }
      `),
    },
    {
      title: 'a script for the file of the command line',
      files: {
        'setup.sh': conf`
          apt-get install -y nginx php8.2-fpm
          sed -i 's/^upload_max_filesize.*/upload_max_filesize = 64M/' «/etc/php/8.2/cli/php.ini»
        `,
        'nginx/site.conf': FASTCGI,
      },
    },
    {
      title: 'in a pool',
      files: tree('', 'php_admin_value[upload_max_filesize] = «64 Mb»'),
    },
    {
      title: 'in a pool, by another name',
      files: tree('', '«php_admin_value[max_upload_size] = 64M»'),
    },
    {
      title: 'in the template of a role',
      files: {
        'roles/nginx/files/site.conf': siteTo('127.0.0.1:8000'),
        'roles/php/templates/php.ini.j2': conf`
          [PHP]
          memory_limit = {{ memory }}
          upload_max_filesize = «100MB»
        `,
      },
    },
    {
      title: 'for one directory of scripts',
      files: {
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
        'public/.user.ini': conf`
          «upload_max_file_size» = 100M
        `,
      },
    },
    {
      title: 'in Apache',
      files: {
        'etc/apache2/apache2.conf': conf`
          LoadModule php_module modules/libphp.so
          ${apacheMain(
            virtualHost(conf`
              DocumentRoot /srv/www
              php_value «upload_max_file_size» 64M
              php_admin_value memory_limit «256MB»
            `),
          )}
        `,
      },
    },
    {
      title: 'in a .htaccess alone',
      files: {
        '.htaccess': conf`
          <IfModule mod_php.c>
              php_value upload_max_filesize «64MB»
          </IfModule>
          php_value «upload_max_file_size» 64M
        `,
      },
    },
  ],
  good: [
    {
      title: 'uploads in both files',
      files: { ...tree(UPLOADS), 'etc/php/8.2/cli/php.ini': UPLOADS },
    },
    {
      title: 'uploads in the file of the command line, and in the pool',
      files: {
        ...tree('', 'php_admin_value[upload_max_filesize] = 64M'),
        'etc/php/8.2/cli/php.ini': UPLOADS,
      },
    },
    {
      title: 'the units of PHP, in a .htaccess',
      files: { '.htaccess': 'php_value upload_max_filesize 64M\nphp_value memory_limit 268435456\n' },
    },
    {
      title: 'the units of PHP',
      files: tree(
        conf`
          [PHP]
          memory_limit = -1
          post_max_size = 64M
          upload_max_filesize = "64m" ; for pictures
          realpath_cache_size = 4096 K
          ; upload_max_file_size = 1MB
          # a line that PHP passes over
          max_execution_time = 60
        `,
        'php_admin_value[memory_limit] = 1G',
      ),
    },
    {
      title: 'tasks of a playbook for both files',
      files: role(conf`
        ansible.builtin.lineinfile:
          path: "/etc/php/8.2/{{ item }}/php.ini"
          line: upload_max_filesize = 64M
        loop: [cli, fpm]
      - name: both
        ansible.builtin.lineinfile:
          path: /etc/php/8.2/cli/php.ini
          line: post_max_size = 64M
      `),
    },
    {
      title: 'a task for what the command line needs',
      files: role(conf`
        ansible.builtin.lineinfile:
          path: /etc/php/8.2/cli/php.ini
          line: memory_limit = -1
      - name: the site
        ansible.builtin.debug:
          msg: upload_max_filesize
      `),
    },
    {
      title: 'what is sent to FPM as PHP has it',
      files: {
        'etc/nginx/nginx.conf': phpSite(
          conf`
          fastcgi_param PHP_VALUE "session.save_path=tcp://127.0.0.1:6379?timezone=2
          post_max_size = 100M";
          fastcgi_param PHP_ADMIN_VALUE $limits;
        `,
          'set $limits "memory_limit=1G";',
        ),
        'etc/php/8.2/fpm/pool.d/www.conf': phpPool(''),
      },
    },
    { title: 'the environment', files: tree('post_max_size = ${PHP_POST_MAX_SIZE}\n') },
    { title: 'a setting of an extension', files: tree('swoole.upload_max_filesizes = 64MB\n') },
    { title: 'a value of two lines', files: tree('mail.log = "/var/log/a\nmemory_limit: b"\n') },
  ],
  *check(deployment) {
    yield* inIniOfAnotherSapi(deployment)
    yield* inIniOfCli(deployment)
    for (const { files } of deployment.machines)
      for (const source of phpIniSources(files)) yield* inIni(source)
    for (const { files } of deployment.machines)
      for (const source of fpmSources(files))
        for (const line of readPhpIniLines(source))
          if (line.kind === 'setting' && line.index !== null && line.name.startsWith('php_'))
            yield* notTaken(line.index, line.at, line.value)
    for (const configuration of deployment.apache)
      for (const key of ['php_value', 'php_admin_value', 'php_flag', 'php_admin_flag'])
        for (const directive of everywhere(configuration, deployment.filesOf(configuration), key)) {
          const [name, value] = directive.args
          if (name === undefined) continue
          yield* notTaken(name.value, argumentPlace(directive, 0), null)
          if (value !== undefined) yield* wrongSize(name.value, value.value, argumentPlace(directive, 1))
        }
    for (const at of sentToFpm(deployment)) yield* inValue(at)
  },
})

/** Settings that a server sends FPM with each request, one a line. */
function* sentToFpm(deployment: Deployment): Iterable<Place> {
  for (const { occurrences } of deployment.nginx)
    for (const line of occurrences.get('fastcgi_param') ?? [])
      if (VALUES_OF_FPM.test(line.args[0]?.value ?? '') && line.args.length > 1) yield argumentPlace(line, 1)
  for (const configuration of deployment.apache)
    for (const [key, index] of [
      ['setenv', 0],
      ['proxyfcgisetenvif', 1],
    ] as const)
      for (const directive of everywhere(configuration, deployment.filesOf(configuration), key))
        if (VALUES_OF_FPM.test(directive.args[index]?.value ?? '') && directive.args.length > index + 1)
          yield argumentPlace(directive, index + 1)
}

const VALUES_OF_FPM = /^PHP_(?:ADMIN_)?VALUE$/

/** A name at the begin of a line, and its value; Apache's lines end in `\n` as it is written. */
const LINE_OF_VALUE = /(?:^["']?|\n|\\n)[ \t]*([a-z][\w.]*)[ \t]*=[ \t]*([^\s"';\\]*)/g

function* inValue({ source, start, end }: Place): Found {
  for (const { 0: line, 1: name = '', 2: value = '', index } of source.code
    .slice(start, end)
    .matchAll(LINE_OF_VALUE)) {
    const from = start + index + line.indexOf(name)
    const to = start + index + line.length
    yield* notTaken(name, { source, start: from, end: from + name.length }, null)
    yield* wrongSize(name, value, { source, start: to - value.length, end: to })
  }
}

interface Slip {
  readonly at: Place
  readonly severity?: 'error'
  readonly message: string
  readonly label: string
  readonly help: string
}

type Found = Iterable<Slip>

/** One file is that of many containers. */
const inIni = memo((source: Source): readonly Slip[] =>
  readPhpIniLines(source).flatMap(line => {
    if (line.kind === 'bare') return [...colonSeparated(line.at)]
    if (line.kind !== 'setting' || line.index !== null) return []
    return [...notTaken(line.name, { ...line.at, end: line.at.start + line.name.length }, line.value)]
  }),
)

function* notTaken(name: string, at: Place, value: WrittenText | null): Found {
  const meant = meantName(name)
  if (meant !== null)
    yield {
      at,
      message: `PHP knows no setting \`${name}\`, and passes over it`,
      label: 'no such setting',
      help: `Write \`${meant}\``,
    }
  if (value !== null) yield* wrongSize(name, value.text, placeOf(value))
}

function* wrongSize(name: string, text: string, at: Place): Found {
  if (!SIZES.has(name) || isUnknownWord(text)) return
  const [, number, unit] = /^\s*(\d{1,15})\s*([a-z]*[a-jln-z])\s*$/i.exec(text) ?? []
  if (number === undefined || unit === undefined || /[gk]$/i.test(unit)) return
  yield {
    at,
    ...(/^(?:upload|post)/.test(name) && { severity: 'error' as const }),
    message: `PHP takes \`${name} = ${text}\` for ${number} ${name.startsWith('session') ? 'seconds' : 'bytes'}: unknown multiplier "${unit.at(-1)}"${name === 'memory_limit' ? ', and keeps the limit that it had' : ''}`,
    label: 'no unit of PHP',
    help: /^[kmg]/i.test(unit)
      ? `Write \`${number}${unit[0]!.toUpperCase()}\``
      : 'Write `K`, `M`, `G`, or none',
  }
}

function* colonSeparated(at: Place): Found {
  const name = /^([a-z_.]+)[ \t]*:/.exec(placeText(at))?.[1]
  if (name === undefined || !KNOWN.has(name)) return
  yield {
    at,
    message: `a line without \`=\` sets nothing: \`${name}\` stays as it was`,
    label: 'no `=`',
    help: `Write \`${name} = …\``,
  }
}

function meantName(name: string): string | null {
  if (KNOWN.has(name) || isUnknownWord(name)) return null
  const other = OTHER_NAMES.get(name)
  if (other !== undefined) return other
  for (const length of [name.length, name.length - 1, name.length + 1])
    for (const known of BY_LENGTH.get(length) ?? []) if (isOneSlipAway(known, name)) return known
  return null
}

/** What PHP counts in bytes; and in seconds, but by the same units. */
const SIZES: ReadonlySet<string> = new Set([
  'memory_limit',
  'post_max_size',
  'upload_max_filesize',
  'realpath_cache_size',
  'session.gc_maxlifetime',
  'session.cookie_lifetime',
])

/** What people set; no extension has a name beside one of these. */
const KNOWN: ReadonlySet<string> = new Set([
  ...SIZES,
  ...'max_execution_time max_input_time max_input_vars max_file_uploads file_uploads upload_tmp_dir display_errors display_startup_errors log_errors error_reporting error_log date.timezone expose_php allow_url_fopen allow_url_include disable_functions disable_classes open_basedir short_open_tag output_buffering default_socket_timeout default_charset include_path auto_prepend_file auto_append_file sendmail_path cgi.fix_pathinfo variables_order request_order realpath_cache_ttl session.save_path session.save_handler session.cookie_secure session.cookie_httponly session.cookie_samesite session.use_strict_mode session.name zend.assertions html_errors'.split(
    ' ',
  ),
])

/** A slip makes a name longer or shorter by one letter at most, and a whole `php.ini` has hundreds of names. */
const BY_LENGTH = groupBy([...KNOWN], ({ length }) => length)

/** Names that PHP never had, by which people mean one that it has. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    upload_max_filesize:
      'upload_max_file_size upload_maxfilesize max_upload_filesize max_upload_size max_upload_file_size upload_max_size upload_max upload_filesize upload_file_size upload_size max_filesize max_file_size',
    post_max_size: 'post_max_filesize post_max_file_size max_post_size post_max post_size post_maxsize',
    max_execution_time: 'max_exec_time maximum_execution_time execution_time max_time_limit',
    memory_limit: 'max_memory memory_limit_size memorylimit',
    max_input_vars: 'max_inputs_vars max_input_var max_vars',
    'date.timezone': 'timezone date_timezone date.time_zone',
  }).flatMap(([meant, names]) => names.split(' ').map(name => [name, meant] as const)),
)
