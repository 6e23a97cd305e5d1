import { memo } from '../../parsers/collections/memo.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Deployment, NginxConnection, PhpFpmProgram } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { phpPool, phpSite } from '../php/_examples.ts'
import { bytesOfSize, size } from './_upload-limit.ts'

const INI = conf`
  [PHP]
  upload_max_filesize = 64M
  post_max_size = 70M
`
const tree = (
  pool: string,
  { ini = INI, site = 'client_max_body_size 70m;', more = {} }: TreeParts = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', site),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  ...(ini === '' ? {} : { 'etc/php/8.2/fpm/php.ini': ini }),
  ...more,
})

interface TreeParts {
  readonly ini?: string
  readonly site?: string
  readonly more?: Readonly<Record<string, string>>
}

const OTHER_POOL = {
  'etc/php/8.2/fpm/pool.d/shop.conf': phpPool().replace('[www]', '[shop]').replace('php8.2-fpm', 'shop'),
}

export default defineRule({
  summary: 'PHP takes less than nginx lets through',
  severity: 'warning',
  otherSeverities: { info: 'where no `php.ini` says that more was meant' },
  confidence: 'high',
  since: '0.1.0',
  why: 'What a pool says with `php_admin_value` or `php_value` overrules `php.ini`, however often that is raised and PHP-FPM restarted. A file above `upload_max_filesize` fails with UPLOAD_ERR_INI_SIZE; of a body above `post_max_size` `$_POST` and `$_FILES` are empty. nginx, which lets it through, says nothing.',
  remedy: 'Raise the limit in the pool, or take it out there, so that the one of `php.ini` holds',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#install.fpm.configuration.php-value',
    'https://www.php.net/manual/en/ini.core.php#ini.post-max-size',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
  ],
  bad: [
    {
      title: 'a pool with less than php.ini',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = «8M»
        php_admin_value[post_max_size] = 10M
      `),
    },
    {
      title: 'the body alone',
      files: tree('php_value[post_max_size] = «10M»'),
    },
    {
      title: 'one pool of several, for which nginx lets more through',
      files: tree('php_admin_value[upload_max_filesize] = «8M»', { more: OTHER_POOL }),
    },
    {
      title: 'without a php.ini',
      files: tree('php_admin_value[post_max_size] = «10M»', { ini: '' }),
    },
    {
      title: 'less in php.ini than in nginx',
      files: tree('', { ini: INI.replace('70M', '«16M»').replace('64M', '12M') }),
    },
  ],
  good: [
    {
      title: 'as much as php.ini',
      files: tree(conf`
        php_admin_value[upload_max_filesize] = 64M
        php_admin_value[post_max_size] = 70M
      `),
    },
    { title: 'no limit of its own', files: tree('php_admin_value[memory_limit] = 256M') },
    { title: 'no limit of bodies', files: tree('php_admin_value[post_max_size] = 0') },
    {
      title: 'a php.ini of the distribution',
      files: tree('php_admin_value[upload_max_filesize] = 1M', {
        ini: 'upload_max_filesize = 2M\npost_max_size = 8M\n',
        site: '',
      }),
    },
    {
      title: 'one pool of several, for which nginx lets no more through',
      files: tree(
        conf`
          php_admin_value[upload_max_filesize] = 8M
          php_admin_value[post_max_size] = 10M
        `,
        { site: 'client_max_body_size 10m;', more: OTHER_POOL },
      ),
    },
    {
      title: 'nothing raised in nginx',
      files: tree('php_admin_value[post_max_size] = 512K', { ini: '', site: '' }),
    },
    { title: 'no limit in nginx', files: tree('', { site: 'client_max_body_size 0;' }) },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      const outer = outerLimit(deployment, program)
      const overruled = overruledIn(program, outer)
      if (overruled !== null && (outer !== null || isOnlyPool(deployment, program))) yield overruled
      else if (outer !== null && overruled === null) yield* lessThan(outer, program)
    }
  },
})

/** What nginx lets through on its way to a pool, where somebody wrote it. */
interface OuterLimit {
  readonly bytes: number
  readonly directive: NginxDirective
}

const connectionsTo = memo(
  ({ connections }: Deployment): ReadonlyMap<PhpFpmProgram, readonly NginxConnection[]> => {
    const found = new Map<PhpFpmProgram, NginxConnection[]>()
    for (const connection of connections.nginx)
      for (const { to } of connection.targets) {
        const program = to.kind === 'listener' ? to.listener.program : null
        if (program?.kind !== 'php-fpm') continue
        found.set(program, [...(found.get(program) ?? []), connection])
      }
    return found
  },
)

/** The largest that is written, where every way to the pool has such a limit; null where one has none. */
function outerLimit(deployment: Deployment, program: PhpFpmProgram): OuterLimit | null {
  const limits = (connectionsTo(deployment).get(program) ?? []).map(({ bodyLimit }) =>
    bodyLimit.known && bodyLimit.value.directive !== null && bodyLimit.value.value > 0
      ? { bytes: bodyLimit.value.value, directive: bodyLimit.value.directive }
      : null,
  )
  const [first] = limits
  if (first == null || limits.some(each => each === null)) return null
  return limits.reduce(
    (most, each) => (each !== null && most !== null && each.bytes > most.bytes ? each : most),
    first,
  )
}

function isOnlyPool(deployment: Deployment, { machine }: PhpFpmProgram): boolean {
  return programsOfKind(deployment, 'php-fpm').filter(each => each.machine === machine).length === 1
}

/** What PHP itself takes, and what the php.ini of distributions writes. */
const STOCK = { upload_max_filesize: 2 * 1024 ** 2, post_max_size: 8 * 1024 ** 2 }

/** A limit of a pool that is lower than the one to which somebody raised that of php.ini. */
function overruledIn({ pool, iniSetting }: PhpFpmProgram, outer: OuterLimit | null): RuleFinding | null {
  for (const name of ['upload_max_filesize', 'post_max_size'] as const) {
    const own = pool.phpSettings.get(name)
    const ini = iniSetting(name)
    const taken = own === undefined ? null : bytesOfSize(own.value.text)
    const meant = bytesOf(ini)
    if (own === undefined || !taken || meant === null || meant <= taken || meant <= STOCK[name]) continue
    // Whoever gave the pool and nginx the same limit meant it.
    const body = bytesOfSize(pool.phpSettings.get('post_max_size')?.value.text ?? '') ?? taken
    if (outer !== null && outer.bytes <= body) continue
    const { source, start } = own.at
    const begin = source.text.indexOf(own.value.text, start + name.length)
    return {
      at: begin === -1 ? own.at : { source, start: begin, end: begin + own.value.text.length },
      message: `the pool \`${pool.name}\` takes ${WHAT[name]} of ${size(taken)}, whatever \`php.ini\` says, where \`${name}\` is ${size(meant)}`,
      label: 'overrules `php.ini`',
      related: [
        ...(ini?.at == null ? [] : [{ at: ini.at, message: 'without effect here' }]),
        ...(outer === null
          ? []
          : [{ at: argumentPlace(outer.directive, 0), message: 'what nginx lets through' }]),
      ],
    }
  }
  return null
}

const WHAT = { upload_max_filesize: 'files', post_max_size: 'bodies' } as const

function* lessThan({ bytes, directive }: OuterLimit, program: PhpFpmProgram): Iterable<RuleFinding> {
  const post = program.phpSetting('post_max_size')
  const taken = bytesOf(post)
  if (post?.at == null || !taken || taken >= bytes) return
  yield {
    at: post.at,
    severity: 'info',
    message: `nginx lets bodies of ${size(bytes)} through, and PHP throws away what is above ${size(taken)}: \`$_POST\` and \`$_FILES\` are empty`,
    label: 'less than nginx lets through',
    related: [{ at: argumentPlace(directive, 0), message: 'what nginx lets through' }],
  }
}

function bytesOf(fact: Fact<string> | null): number | null {
  return fact?.known === true ? bytesOfSize(fact.value) : null
}
