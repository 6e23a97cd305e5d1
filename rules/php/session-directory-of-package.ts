import type { Deployment, Machine, PhpFpmProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { phpSite } from './_examples.ts'
import { sessionDirectory } from './_session-sweepers.ts'
import { useOfSessions } from './_session-use.ts'

const PATH = 'php_value[session.save_path] = «/var/lib/php/session»'
const SCRIPT = '<?php\nsession_start();\necho $_SESSION["name"];\n'

const tree = (
  {
    account = 'user = nginx\ngroup = nginx',
    path = PATH,
    script = SCRIPT,
  }: { account?: string; path?: string; script?: string } = {},
  others: Record<string, string> = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', '', 'unix:/run/php-fpm/www.sock'),
  'etc/php-fpm.d/www.conf': conf`
    [www]
    ${account}
    listen = /run/php-fpm/www.sock
    listen.acl_users = apache,nginx
    pm = static
    pm.max_children = 5
    php_value[session.save_handler] = files
    ${path}
  `,
  'srv/www/index.php': script,
  ...others,
})

export default defineRule({
  summary: 'The sessions of PHP are to lie in a directory of another group',
  severity: 'warning',
  otherSeverities: { info: 'where no script is seen to begin a session' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'The package of RHEL and its kin has `/var/lib/php/session` for root and the group `apache`, mode 0770, and each update puts that back. A pool of another user and group may not write there: `session_start(): open(/var/lib/php/session/sess_…, O_RDWR) failed: Permission denied (13)`. Nobody stays logged in, and carts are empty.',
  remedy:
    'Leave `group = apache` in the pool, or give it a directory of its own, which `tmpfiles.d` makes, in `session.save_path`',
  references: [
    'https://www.php.net/manual/en/session.configuration.php#ini.session.save-path',
    'https://src.fedoraproject.org/rpms/php/blob/rawhide/f/php.spec',
  ],
  unproven: 'The live tests run on Debian, where every user may write to the directory of sessions',
  bad: [
    { title: 'a pool for nginx', files: tree() },
    {
      title: 'packages of Remi',
      files: Object.fromEntries(
        Object.entries(tree({ path: PATH.replace('/var/', '/var/opt/remi/php82/') })).map(([file, text]) => [
          file.replace('etc/php-fpm.d', 'etc/opt/remi/php82/php-fpm.d'),
          text,
        ]),
      ),
    },
  ],
  good: [
    { title: 'the group of the package', files: tree({ account: 'user = nginx\ngroup = apache' }) },
    { title: 'the account of the package', files: tree({ account: 'user = apache\ngroup = apache' }) },
    { title: 'a directory of its own', files: tree({ path: PATH.replace('/php/', '/php-nginx/') }) },
    {
      title: 'sessions in Redis',
      files: tree({
        path: 'php_value[session.save_handler] = redis\nphp_value[session.save_path] = tcp://redis:6379',
      }),
    },
    { title: 'scripts without sessions', files: tree({ script: '<?php echo 1;' }) },
    {
      title: 'a directory that somebody gives to the pool',
      files: tree({}, { 'etc/tmpfiles.d/php.conf': 'z /var/lib/php/session 0770 root nginx -\n' }),
    },
    { title: 'a directory that is in the audit', files: tree({}, { 'var/lib/php/session/': '' }) },
    {
      title: 'another member of the group',
      files: tree({}, { 'etc/group': 'apache:x:48:nginx\nnginx:x:990:\n' }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'php-fpm')) {
      const { machine, pool } = program
      if (machine.container !== null || !isOfOthers(program)) continue
      const path = program.phpSetting('session.save_path')
      const handler = program.phpSetting('session.save_handler')
      if (path?.known !== true || path.at === null) continue
      if (handler !== null && !(handler.known && handler.value === 'files')) continue
      const [directory] = sessionDirectory(path.value)
      if (directory === undefined || directory !== directoryOfPackage(program)) continue
      if (isGiven(deployment, machine, directory)) continue
      const use = useOfSessions(deployment, machine.files)
      if (use === 'other') continue
      const group = pool.group?.known === true ? pool.group : null
      const account = group?.at == null ? pool.user?.at : group.at
      yield {
        at: path.at,
        ...(use !== 'seen' && { severity: 'info' as const }),
        message: `the package keeps \`${directory}\` for the group \`apache\`, and the pool runs as \`${group?.value ?? ''}\`: session_start() fails with Permission denied (13)`,
        label: 'of the group `apache`',
        related: account == null ? [] : [{ at: account, message: 'not of this group' }],
      }
    }
  },
})

/** True where user and group are known, and are neither root nor those of the package. */
function isOfOthers({ pool: { user, group } }: PhpFpmProgram): boolean {
  return [user, group].every(fact => fact?.known === true && !/^(?:apache|root|\d+)$/.test(fact.value))
}

/** Where the package of the pool has sessions; null for that of another distribution. */
function directoryOfPackage({ pool }: PhpFpmProgram): string | null {
  const path = pool.headers[0]?.source.path ?? ''
  const remi = /(?:^|\/)etc\/opt\/remi\/(php\d+)\/php-fpm\.d\//.exec(path)?.[1]
  if (remi !== undefined) return `/var/opt/remi/${remi}/lib/php/session`
  return /(?:^|\/)etc\/php-fpm\.d\//.test(path) ? '/var/lib/php/session' : null
}

/** True where the directory is in the audit, or a line may give it, or its group, to the pool. */
function isGiven(deployment: Deployment, { files }: Machine, directory: string): boolean {
  if (files.kind(directory) !== null) return true
  const members = /^apache:[^:]*:\d*:(.+)$/m.exec(sourceAt(files, '/etc/group')?.text ?? '')
  const lists = ['/etc/tmpfiles.d', '/etc/cron.d'].flatMap(path =>
    (files.list(path) ?? []).flatMap(({ name }) => sourceAt(files, `${path}/${name}`)?.text ?? ''),
  )
  const setups = [...(deployment.setups() ?? []), ...deployment.setupsBeside()].map(({ text }) => text)
  return (
    members !== null ||
    [...lists, ...setups].some(
      text => text.includes('lib/php') || /\bgroups?\b.*\bapache\b|-a?G\S*\s+apache/.test(text),
    )
  )
}
