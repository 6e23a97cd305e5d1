import { posix } from 'node:path'
import { exampleOf } from '../../parsers/dotenv/example-of.ts'
import { misspeltSections, strayLines, type UnitSetting } from '../../parsers/systemd/parse-unit.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { unitWords } from '../../parsers/systemd/unit-words.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer, proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { siteServices } from './_site-services.ts'
import { commentsBehindValues } from './_environment-file-comments.ts'
import { commentedCommand, meantOtherwise, onlineNotAwaited, wantedByNobody } from './_unit-lines.ts'
import { unpairedQuotes } from './_unit-quotes.ts'

const tree = (lines: string, files: Record<string, string> = {}): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application', lines), files)

/** The same unit, of a playbook. */
const template = (lines: string): Record<string, string> => ({
  'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
  'deploy/templates/shop.service.j2': conf`
    [Service]
    WorkingDirectory=/srv/shop
    ExecStart=/usr/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi:application
    ${lines}
  `,
})

/** A repository whose script copies what is kept for the unit. */
const repository = (
  line: string,
  command = 'install -m 640 deploy/shop.env.example /etc/shop/shop.env',
  path = 'deploy/shop.env.example',
): Record<string, string> => ({
  'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
  'deploy/shop.service': conf`
    [Service]
    User=shop
    WorkingDirectory=/srv/shop
    EnvironmentFile=/etc/shop/shop.env
    ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi:application
  `,
  'deploy/install.sh': conf`
    #!/bin/sh
    ${command}
  `,
  [path]: conf`
    # filled in on the server
    ${line}
  `,
})

export default defineRule({
  summary: 'systemd does not take a line of a unit as it is meant',
  severity: 'warning',
  otherSeverities: {
    error:
      'where the service does not start: its user, group or directory, what wants it, a quote of its command, a whole section, or the options of gunicorn',
    info: 'of a service that asks for the network, and does not wait for it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'In a unit `#` begins a comment only as the first character of a line: behind a value it is part of it, and the service fails with `217/USER` or `200/CHDIR`. No variable of a shell is filled in in `Environment=`, and what follows `WantedBy=` is the whole name of a unit. `Environment=` is cut at blanks, and what has no `=` is left out (`Invalid environment assignment, ignoring`), as the whole line is where a quote stays open (`Invalid syntax, ignoring`); the same happens to `export NAME=value` in a file of `EnvironmentFile=`, which no shell reads, and `PORT=8000 # of nginx` there is the whole value. A command goes on in the next line only behind a `\\`, paths have to begin with `/`, and a key that is misspelt or stands in another section, or a value that is none of its key, is left out with a line in the journal: with `Restart=true` nothing is restarted.',
  remedy: 'Give comments a line of their own, and put `"NAME=a value"` between quotes',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment=',
  ],
  unproven: 'The live tests start no systemd; `systemd-analyze verify` prints these lines',
  bad: [
    {
      title: 'a target without its ending',
      files: {
        ...tree(''),
        'etc/systemd/system/shop.service': conf`
          [Service]
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
          [Install]
          WantedBy=«multi-user»
        `,
      },
    },
    {
      title: 'a target that is misspelt, and a comment behind a command',
      files: {
        ...tree(''),
        'etc/systemd/system/shop.service': conf`
          [Service]
          ExecStart=/usr/bin/gunicorn shop.wsgi:application «#» the shop
          [Install]
          WantedBy=«multiuser.target»
        `,
      },
    },
    {
      title: 'sections in small letters',
      files: {
        ...tree(''),
        'etc/systemd/system/shop.service': conf`
          [Unit]
          Description=shop
          «[service]»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
          «[install]»
          WantedBy=multi-user.target
        `,
      },
    },
    { title: 'a variable of the shell', files: tree('Environment="«PATH=/srv/shop/venv/bin:$PATH»"') },
    {
      title: 'a path that begins with its own name',
      files: tree('Environment="«PATH=PATH=/srv/shop/bin:/usr/bin»"'),
    },
    {
      title: 'a quote too many, of a service that is no server',
      files: tree('', {
        'etc/systemd/system/agent.service': conf`
          [Service]
          Environment="SHOP_A=1" \\
              «"SHOP_HOME="/srv/shop»" \\
              "SHOP_B=2"
          ExecStart=/usr/bin/java -jar /srv/shop/agent.jar
        `,
      }),
    },
    {
      title: 'a network that nothing waits for',
      files: behindNginx(
        conf`
          [Unit]
          Wants=«network-online.target»
          After=network.target
          [Service]
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      ),
    },
    {
      title: 'a quote that is not closed in a command',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn shop.wsgi:application', 'ExecStartPre=/bin/mkdir «"»/run/shop'),
      ),
    },
    { title: 'a comma between', files: tree('Environment="«SHOP_A=1",» "SHOP_B=2"') },
    { title: 'a limit in another section', files: tree('«StartLimitIntervalSec»=0') },
    { title: 'a comment behind the group', files: tree('Group=«www-data # of nginx»') },
    {
      title: 'options of gunicorn without quotes',
      files: tree('Environment=GUNICORN_CMD_ARGS=--workers «4» --timeout 90'),
    },
    { title: 'a value with blanks', files: tree('Environment=SHOP_TITLE=Our «shop»') },
    { title: 'blanks around the equals sign', files: tree('Environment=«SHOP_KEY» = abc') },
    {
      title: 'a file that a shell would read',
      files: tree('EnvironmentFile=/etc/shop/shop.env', { 'etc/shop/shop.env': '«export» SHOP_KEY=abc\n' }),
    },
    {
      title: 'the example of a file that a shell would read',
      files: repository('«export» SHOP_KEY="change-me"'),
    },
    {
      title: 'comments behind the values of a file',
      files: tree('EnvironmentFile=/etc/shop/shop.env', {
        'etc/shop/shop.env': conf`
          SHOP_PORT=8000   «# behind nginx»
          SHOP_TITLE="Our shop" «# of the page»
          SHOP_KEY= «# openssl rand -hex 32»
        `,
      }),
    },
    {
      title: 'a comment in the example of a file',
      files: repository('SHOP_KEY=change-me «# at least 32 letters»'),
    },
    {
      title: 'a command that goes on without a backslash',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn
              «--workers 3»
              «--bind»=127.0.0.1:8000
              «shop.wsgi:application»
        `,
      ),
    },
    { title: 'a relative file', files: tree('EnvironmentFile=«.env»') },
    {
      title: 'a relative directory',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=«srv/shop»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      ),
    },
    {
      title: 'a directory below a home',
      files: behindNginx(
        conf`
          [Service]
          User=www-data
          WorkingDirectory=«~/shop»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      ),
    },
    {
      title: 'a command in a drop-in, beside that of the unit',
      files: tree('', {
        'etc/systemd/system/shop.service.d/override.conf': conf`
          [Service]
          ExecStart=«/usr/bin/gunicorn --workers 8 shop.wsgi:application»
        `,
      }),
    },
    { title: 'a misspelt key', files: tree('«Enviroment»=SHOP_KEY=abc') },
    { title: 'a boolean that is none', files: tree('PrivateTmp=«full»') },
    { title: 'a restart that is none', files: tree('Restart=«true»') },
    { title: 'a type that is none', files: tree('Type=«daemon»') },
    { title: 'a time with a unit of nobody', files: tree('RestartSec=«5x»') },
    { title: 'a limit with a unit', files: tree('LimitNOFILE=«64K»') },
    { title: 'an absolute directory', files: tree('RuntimeDirectory=«/run/shop»') },
    { title: 'a comment behind where the output goes', files: tree('StandardOutput=«null # no logs»') },
    { title: 'a log by its path', files: tree('StandardOutput=«/var/log/shop.log»') },
    {
      title: 'a restart of nginx below the wrong section',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginxServer('return 204;')),
        'etc/systemd/system/nginx.service.d/override.conf': conf`
          [Unit]
          «Restart»=always
          «RestartSec»=5
        `,
      },
    },
    {
      title: 'a server that is to end, and to be started again for that',
      files: behindNginx(
        conf`
          [Service]
          Type=oneshot
          Restart=«always»
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      ),
    },
    {
      title: 'a key of another section',
      files: behindNginx(
        conf`
          [Unit]
          Description=shop
          «User»=shop
          [Service]
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      ),
    },
  ],
  good: [
    {
      title: 'a script of runit that is called as a unit is',
      files: {
        'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'deploy/shop.service': '#!/bin/sh\n\nexec gunicorn \\\n  --bind 127.0.0.1:8000 \\\n  shop.wsgi\n',
      },
    },
    {
      title: 'a key by its old name',
      files: {
        'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8000')),
        'etc/systemd/system/shop.service': conf`
          [Unit]
          BindTo=srv-shop.mount
          [Service]
          ExecStart=/opt/shop/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
    { title: 'the example of a file of assignments', files: repository('SHOP_KEY="change-me"') },
    {
      title: 'an example of which a script takes the word away',
      files: repository(
        'export SHOP_KEY="change-me"',
        'sed "s/^export //" deploy/shop.env.example > /etc/shop/shop.env',
      ),
    },
    {
      title: 'the example of another file',
      files: repository('export SHOP_KEY="change-me"', 'true', 'deploy/local.env.example'),
    },
    {
      title: 'targets, variables and commas as systemd takes them',
      files: {
        ...tree(conf`
          Environment=SHOP_PRICE=$5 SHOP_LIST=a,b
          Environment="SHOP_HASH=$2b$12$abc" SHOP_NOTE="a, b"
        `),
      },
    },
    {
      title: 'a text of which `envsubst` makes a unit',
      files: behindNginx(
        conf`
          [Service]
          User=\${USER}
          WorkingDirectory=\${HOME_OF_SHOP}/
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      ),
    },
    {
      title: 'a command in a drop-in, which takes the former away',
      files: tree('', {
        'etc/systemd/system/shop.service.d/override.conf': conf`
          [Service]
          ExecStart=
          ExecStart=/usr/bin/gunicorn --workers 8 shop.wsgi:application
        `,
      }),
    },
    {
      title: 'a command that goes on',
      files: behindNginx(
        conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn \\
              --workers 3 \\
              # a comment between
              --bind=127.0.0.1:8000 \\
              shop.wsgi:application
        `,
      ),
    },
    {
      title: 'a network that is waited for, and one that another service waits for',
      files: {
        ...behindNginx(
          conf`
            [Unit]
            Wants=network-online.target
            After=network-online.target
            [Service]
            ExecStart=/usr/bin/gunicorn shop.wsgi:application
          `,
        ),
        'etc/systemd/system/agent.service': conf`
          [Unit]
          Requires=network-online.target docker.service
          After=docker.service
          [Service]
          ExecStart=/usr/bin/docker run --rm --name agent registry.example.org/agent
        `,
      },
    },
    { title: 'the home of the user', files: tree('WorkingDirectory=~') },
    { title: 'a file that may be missing', files: tree('EnvironmentFile=-/etc/default/shop') },
    {
      title: 'a path that a program fills in before systemd reads it',
      files: tree('WorkingDirectory={install_prefix}/state'),
    },
    { title: 'a path that systemd fills in', files: tree('EnvironmentFile=%h/shop.env') },
    { title: 'a placeholder', files: tree('WorkingDirectory={{ shop_home }}') },
    {
      title: 'lines that a template brings',
      files: template(conf`
        {{ lookup('template', 'healthcheck.conf.j2') }}
        {{ shop_limits }}
        {{ shop_owner }} {{ shop_more }}
        {{ shop_prefix }}User=shop
      `),
    },
    {
      title: 'values that systemd takes',
      files: tree(conf`
        Type=notify
        Restart=on-failure
        RestartSec=1min 30s
        TimeoutStopSec=infinity
        PrivateTmp=yes
        ProtectSystem=strict
        ProtectHome=read-only
        KillMode=mixed
        LimitNOFILE=65536:524288
        UMask=0027
        RuntimeDirectory=shop
        StandardOutput=append:/var/log/shop.log
      `),
    },
    { title: 'what takes a former value away', files: tree('StandardOutput=') },
    {
      title: 'a section of one’s own',
      files: {
        ...tree(''),
        'etc/systemd/system/shop.service': conf`
          [X-Shop]
          Owner=ana
          [Service]
          ExecStart=/usr/bin/gunicorn shop.wsgi:application
        `,
      },
    },
    { title: 'a key of one’s own', files: tree('X-Owner=shop') },
    { title: 'a key that this knows nothing of', files: tree('MemoryZSwapMax=1G') },
    { title: 'a line of its own', files: tree('# of nginx\nGroup=www-data') },
    { title: 'quotes', files: tree('Environment="SHOP_TITLE=Our shop" SHOP_KEY=abc') },
    {
      title: 'a word that a script replaces',
      files: tree('Environment="__SHOP_VARIABLES__" @SHOP_MORE@\nEnvironmentFile=SHOP_INSTALL_DIR/shop.env'),
    },
    {
      title: 'quotes that end within a word',
      files: tree('Environment="SHOP_HOME="/srv/shop SHOP_A=it\\\'s'),
    },
    {
      title: 'an assignment as the value of another name',
      files: tree('Environment=SHOP_OPTIONS=PATH=/srv'),
    },
    {
      title: 'marks that a script puts an assignment in the place of',
      files: tree('Environment="__SHOP_PATH__" @SHOP_KEY@ %%SHOP_TITLE%%\nEnvironment={{ shop_env }}'),
    },
    { title: 'quotes around the value', files: tree("Environment=SHOP_TITLE='Our shop'") },
    { title: 'a number sign in a value', files: tree('Environment=COLOUR=#fff') },
    {
      title: 'a file of assignments',
      files: tree('EnvironmentFile=/etc/shop/shop.env', {
        'etc/shop/shop.env': conf`
          # for the shop
          ; SHOP_OLD=1 # no more
          SHOP_KEY=abc
          SHOP_TITLE=Our shop
          SHOP_COLOURS="#fff # 000" #fff
          SHOP_URL=http://127.0.0.1:8000/#top
          SHOP_CHANNEL=#shop
          SHOP_TEXT="a # b
          c # d"
        `,
      }),
    },
  ],
  *check(deployment) {
    const { commands, programs } = deployment
    const others = new Set(
      programs.flatMap(program => {
        const isServer = program.kind === 'nginx' || program.kind === 'php-fpm'
        return (isServer ? serviceOf(program) : null) ?? []
      }),
    )
    for (const service of others) {
      for (const setting of service.unit.settings)
        if (setting.section === 'Service') yield* refusedValue(setting)
      yield* unread(service)
    }
    const ofSite = deployment.machines.flatMap(machine =>
      siteServices({ machines: [machine] }).map(service => ({ service, machine })),
    )
    for (const { service, machine } of [...ofSite, ...commands]) {
      if (service === null) continue
      yield* linesOf(service)
      yield* variablesOf(service, machine.files, deployment)
    }
  },
})

/** What systemd does not take as it is meant in the files of variables of a service. */
function* variablesOf(
  { environmentFiles }: ServiceUnit,
  files: FileSystem,
  { setups }: Deployment,
): Iterable<RuleFinding> {
  for (const { path } of environmentFiles) {
    const file = path.known ? sourceAt(files, path.value) : null
    if (file !== null) yield* misread(file)
    else if (path.known && path.at !== null && isAlmostRead(path.value)) {
      const kept = keptFor(path.value, path.at.source, files)
      if (kept !== null && !isChangedBy(setups(), kept)) yield* misread(kept, path.at)
    }
  }
}

/** What holds of a unit whatever it starts. */
function* linesOf(service: ServiceUnit): Iterable<RuleFinding> {
  const isWritten = !isFilledIn(service)
  for (const setting of service.unit.settings) {
    if (setting.section !== 'Service') continue
    if (SINGLE.has(setting.name)) yield* commentBehind(setting)
    else if (setting.name === 'Environment') yield* leftOut(setting)
    if (PATHS.has(setting.name) && isWritten) yield* relative(setting)
    yield* refusedValue(setting)
  }
  yield* startedTwice(service)
  yield* restartedOnce(service)
  yield* unread(service)
  yield* wantedByNobody(service)
  yield* commentedCommand(service)
  yield* unpairedQuotes(service)
  yield* onlineNotAwaited(service)
  if (isWritten) yield* meantOtherwise(service)
}

/** Of a second command systemd refuses the whole unit: a drop-in adds to what stands in the unit. */
function* startedTwice({ type, unit }: ServiceUnit): Iterable<RuleFinding> {
  if (type !== null && (!type.known || type.value === 'oneshot')) return
  const lines = unit.settings.filter(({ section, name }) => section === 'Service' && name === 'ExecStart')
  const reset = lines.findLastIndex(({ written }) => written.text === '')
  const [first, ...others] = lines.slice(reset + 1)
  const second = others.at(-1)
  if (first === undefined || second === undefined) return
  const isDropIn = placeOf(second.written).source !== placeOf(first.written).source
  yield {
    at: placeOf(second.written),
    severity: 'error' as const,
    message: 'systemd refuses the unit: Service has more than one ExecStart= setting',
    label: 'a second command',
    related: [{ at: placeOf(first.written), message: 'the first one' }],
    help: isDropIn ? 'Write an empty `ExecStart=` above it' : 'Write `Type=oneshot`, or a unit for each',
  }
}

/** A service that is done once its command has ended is not started again for that. */
function* restartedOnce({ type, unit }: ServiceUnit): Iterable<RuleFinding> {
  if (type?.known !== true || type.value !== 'oneshot') return
  const restart = unit.settings.findLast(({ section, name }) => section === 'Service' && name === 'Restart')
  if (restart === undefined || !/^(?:always|on-success)$/.test(restart.written.text)) return
  yield {
    at: placeOf(restart.written),
    severity: 'error' as const,
    message:
      "systemd refuses the unit: Service has Restart= set to either always or on-success, which isn't allowed for Type=oneshot services",
    label: 'not for `Type=oneshot`',
    help: 'Leave `Type=` out where the command stays, or write `Restart=on-failure`',
  }
}

/** Those whose path has to begin with `/`. */
const PATHS: ReadonlySet<string> = new Set(['EnvironmentFile', 'WorkingDirectory'])

/** True of a text that `envsubst` makes a unit of: where it names accounts, systemd knows no variables, and nobody thinks so. */
function isFilledIn({ unit }: ServiceUnit): boolean {
  return unit.settings.some(
    ({ name, written }) => /^(?:User|Group)$/.test(name) && /\$\{?\w/.test(written.text),
  )
}

function* relative({ name, written }: UnitSetting): Found {
  const path = written.text.replace(/^-/, '')
  if (
    path === '' ||
    path === '~' ||
    FILLED_IN_PATH.test(path) ||
    isUnknownWord(path) ||
    /^[/%]/.test(path) ||
    /[\0\uFFFD\s]/.test(path)
  )
    return
  const isFile = name === 'EnvironmentFile'
  // Of a directory that may be missing a path that is none is left out as well.
  if (!isFile && written.text.startsWith('-')) return
  yield {
    at: placeOf(written),
    ...(!isFile && { severity: 'error' as const }),
    message: isFile
      ? `\`${path}\` is a relative path, and systemd leaves it out: EnvironmentFile= path is not absolute, ignoring`
      : `\`${path}\` is a relative path, and systemd does not start the unit: WorkingDirectory= path is not absolute`,
    label: 'does not begin with `/`',
  }
}

/** What systemd says of a value, and what it takes. */
interface ValueKind {
  readonly takes: RegExp
  readonly said: string
  readonly label: string
}

const BOOLEAN = /^(?:1|yes|y|true|t|on|0|no|n|false|f|off)$/i
const SPAN =
  /^(?:infinity|(?:\d+(?:\.\d+)?[ \t]*(?:[uµ]s(?:ec)?|ms(?:ec)?|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?|onths?)?|M|h(?:ours?|r)?|d(?:ays?)?|w(?:eeks?)?|y(?:ears?)?)?[ \t]*)+)$/
const KINDS: readonly (readonly [string, ValueKind])[] = [
  [
    'PrivateDevices NoNewPrivileges RemainAfterExit ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectClock RestrictRealtime RestrictSUIDSGID MemoryDenyWriteExecute',
    { takes: BOOLEAN, said: 'boolean value', label: 'no boolean' },
  ],
  ['PrivateTmp', { takes: either('disconnected'), said: 'boolean value', label: 'no boolean' }],
  [
    'ProtectSystem',
    { takes: either('full|strict'), said: 'protect system value', label: 'a boolean, `full`, `strict`' },
  ],
  [
    'ProtectHome',
    {
      takes: either('read-only|tmpfs'),
      said: 'protect home value',
      label: 'a boolean, `read-only`, `tmpfs`',
    },
  ],
  [
    'Type',
    {
      takes: /^(?:simple|exec|forking|oneshot|dbus|notify|notify-reload|idle)$/,
      said: 'service type',
      label: 'no type of a service',
    },
  ],
  [
    'Restart',
    {
      takes: /^(?:no|on-success|on-failure|on-abnormal|on-watchdog|on-abort|always)$/,
      said: 'service restart specifier',
      label: '`always`, `on-failure` or their like',
    },
  ],
  [
    'KillMode',
    {
      takes: /^(?:control-group|mixed|process|none)$/,
      said: 'kill mode specification',
      label: '`control-group`, `mixed`, `process`',
    },
  ],
  ['UMask', { takes: /^0?[0-7]{1,4}$/, said: 'mode value', label: 'not octal' }],
  ['RestartSec WatchdogSec', { takes: SPAN, said: 'sec value', label: 'no time' }],
  ['TimeoutStartSec TimeoutStopSec TimeoutSec', { takes: SPAN, said: 'time value', label: 'no time' }],
  [
    'LimitNOFILE LimitNPROC',
    {
      takes: /^(?:\d+|0x\w+|infinity)(?::(?:\d+|0x\w+|infinity))?$/,
      said: 'resource value',
      label: 'neither a number nor `infinity`',
    },
  ],
  [
    'StandardOutput StandardError',
    {
      takes:
        /^(?:inherit|null|tty|socket|(?:journal|kmsg|syslog)(?:\+console)?|fd(?::[\w.-]+)?|(?:file|append|truncate):\S.*)$/,
      said: 'output specifier',
      label: '`journal`, `null`, or `append:` before a path',
    },
  ],
]
const VALUES: ReadonlyMap<string, ValueKind> = new Map(
  KINDS.flatMap(([names, kind]) => names.split(' ').map(name => [name, kind] as const)),
)

function either(words: string): RegExp {
  return new RegExp(`${BOOLEAN.source}|^(?:${words})$`, 'i')
}

function* refusedValue({ name, written }: UnitSetting): Found {
  const { text } = written
  if (text === '' || isUnknownWord(text) || /[%\0\uFFFD]/.test(text)) return
  if (/^(?:Runtime|State|Cache|Logs|Configuration)Directory$/.test(name)) {
    if (text.startsWith('/'))
      yield {
        at: placeOf(written),
        message: `systemd leaves \`${text}\` out, and makes no directory: ${name}= path is absolute, ignoring`,
        label: 'begins with `/`',
        help: `Write \`${name}=${text.replace(/^\/(?:var\/)?(?:run|lib|cache|log|etc)\/|^\//, '')}\``,
      }
    return
  }
  const kind = VALUES.get(name)
  if (kind === undefined || kind.takes.test(text)) return
  yield {
    at: placeOf(written),
    message: `\`${name}=${text}\` holds nothing for systemd: Failed to parse ${kind.said}, ignoring`,
    label: kind.label,
  }
}

/** The section of each key that people write into another one. */
const SECTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Service:
      'Type User Group WorkingDirectory Environment EnvironmentFile ExecStart ExecStartPre ExecStartPost ExecReload ExecStop Restart RestartSec RuntimeDirectory StateDirectory LogsDirectory UMask PIDFile KillMode KillSignal TimeoutStartSec TimeoutStopSec LimitNOFILE PrivateTmp ProtectSystem ProtectHome ReadWritePaths AmbientCapabilities StandardOutput StandardError SyslogIdentifier NoNewPrivileges',
    Unit: 'Description Documentation After Before Requires Wants BindsTo PartOf OnFailure StartLimitIntervalSec',
    Install: 'WantedBy RequiredBy Also',
  }).flatMap(([section, names]) => names.split(' ').map(name => [name, section] as const)),
)

/** Lines that are no setting, and settings that systemd does not know where they stand. */
function* unread({ unit }: ServiceUnit): Found {
  for (const source of unit.sources) {
    for (const { at, written, meant } of misspeltSections(source))
      yield {
        at,
        severity: 'error',
        message: `systemd leaves out all of these lines: Unknown section '${written}'. Ignoring${meant === 'Service' ? ', so the unit has no ExecStart= and is refused' : ''}`,
        label: 'no such section',
        help: `Write \`[${meant}]\``,
      }
    for (const at of strayLines(source))
      yield {
        at,
        message: `this is no setting, and no part of the line above, which does not end in \`\\\`: Missing '=', ignoring line`,
        label: 'left out',
      }
  }
  for (const { section, name, source, start } of unit.settings) {
    const at = { source, start, end: start + name.length }
    if (!/^(?:Unit|Service|Install)$/.test(section) || /^X-/.test(name) || isUnknownWord(name)) continue
    const known = SECTIONS.get(name)
    if (known === undefined ? isMeantAs(name) === null : known === section) continue
    const meant = known === undefined ? isMeantAs(name) : null
    yield {
      at,
      message: `Unknown key '${name}' in section [${section}], ignoring`,
      label: known === undefined ? 'no such key' : `a key of [${known}]`,
      ...(known === undefined
        ? { help: name.startsWith('-') ? 'End the line above with `\\`' : `Write \`${meant}=\`` }
        : { help: `Write it below \`[${known}]\`` }),
    }
  }
}

/** The key that a misspelt one surely stands for; null where it may be one that systemd knows. */
function isMeantAs(name: string): string | null {
  // The name that `BindsTo=` had before systemd 205, which it still takes.
  if (name === 'BindTo') return null
  if (name.startsWith('-')) return name
  for (const key of SECTIONS.keys())
    if (key !== name && (key.toLowerCase() === name.toLowerCase() || isOneSlipAway(key, name))) return key
  return null
}

type Found = Iterable<{
  readonly at: Place
  readonly severity?: 'error'
  readonly message: string
  readonly label: string
  readonly help?: string
}>

/** Settings of one value, with which the service does not start where it is wrong. */
const SINGLE: ReadonlySet<string> = new Set(['User', 'Group', 'WorkingDirectory'])

function* commentBehind({ name, written }: UnitSetting): Found {
  if (!/\s#/.test(written.text)) return
  yield {
    at: placeOf(written),
    severity: 'error',
    message: `\`#\` begins no comment behind a value, so all of this is the value of \`${name}=\`, and the service does not start`,
    label: 'one value with its comment',
  }
}

/** The beginning of a path that some script replaces: `INSTALL_DIR/bin`, `{prefix}/bin`. */
const FILLED_IN_PATH = /^(?:[A-Z][A-Z0-9]*_[A-Z0-9_]+|\{\w+\})(?:\/|$)/

/** A whole word that a script puts an assignment in the place of: `__NAME__`, `@NAME@`, `%NAME%`; and what nobody knows. */
const TEMPLATE_MARK = /[\0\uFFFD]|^(?:__[A-Z][A-Z0-9_]*__|(@@?|%%?)[A-Za-z]\w*\1)$/

function* leftOut({ written }: UnitSetting): Found {
  const word = unitWords(written)?.find(({ text }) => !/^[A-Za-z_]\w*=/.test(text))
  if (word === undefined || isUnknownWord(word.text) || TEMPLATE_MARK.test(word.text)) return
  const words = unitWords(written) ?? []
  const [name = '', option = ''] = words[words.indexOf(word) - 1]?.text.split(/=(.*)/s) ?? []
  const needsValue = name === 'GUNICORN_CMD_ARGS' && NEEDS_VALUE.test(option) && !word.text.startsWith('-')
  yield {
    at: placeOf(word),
    ...(needsValue && { severity: 'error' as const }),
    message: needsValue
      ? `\`${word.text}\` is no assignment, and is left out, so gunicorn gets \`${option}\` without a value, and does not start: expected one argument`
      : `\`${word.text}\` is no assignment, and is left out: Invalid environment assignment, ignoring`,
    label: 'cut at the blank before it',
  }
}

/** Options of gunicorn that end it where nothing stands behind them. */
const NEEDS_VALUE =
  /^(?:-[bwktcn]|--(?:bind|workers|worker-class|threads|timeout|config|log-level|access-logfile|error-logfile|max-requests|graceful-timeout|keep-alive|chdir|umask|user|group|pid|name))$/

/** True of a name that says whose file it is. */
function isAlmostRead(path: string): boolean {
  return path.startsWith('/') && !/[*?%$\0\uFFFD]/.test(path)
}

/**
 * What a repository keeps of a file of variables that is on the server alone: the file of its name beside the unit, or
 * the example of it, there or at its own place.
 */
function keptFor(path: string, unit: Source, files: FileSystem): Source | null {
  const beside = posix.join('/', posix.dirname(unit.path), posix.basename(path))
  const read = (each: string): Source | null => sourceAt(files, each)
  return read(beside) ?? exampleOf(beside, read) ?? exampleOf(path, read)
}

/** True where a script may take the word away, or write the file by itself. */
function isChangedBy(setups: readonly Source[] | null, { path }: Source): boolean {
  const name = posix.basename(path)
  return (
    setups === null ||
    setups.some(
      ({ text }) =>
        /\b(?:sed|awk|perl|grep|cut|tr)\b[^\n]*export/.test(text) ||
        (text.includes(name) && /\b(?:sed|awk|perl|envsubst)\b/.test(text)),
    )
  )
}

/**
 * What a file of variables holds beside what is meant.
 *
 * @param given what names the file, where this one is kept for it
 */
function* misread(source: Source, given: Place | null = null): Iterable<RuleFinding> {
  const weaker = given !== null && {
    confidence: 'medium' as const,
    related: [{ at: given, message: 'the unit reads a file of these lines' }],
  }
  const found = /^[ \t]*(export)[ \t]+[A-Za-z_]\w*=/m.exec(source.code)
  if (found !== null) {
    const start = found.index + found[0].indexOf('export')
    yield {
      at: { source, start, end: start + 'export'.length },
      message: '`export` is a word of the shell: systemd leaves the line out, and the variable is not set',
      label: 'Invalid environment assignment',
      ...weaker,
    }
  }
  for (const { name, at, comment } of commentsBehindValues(source))
    yield {
      at,
      message: `\`#\` begins a comment at the start of a line alone, so systemd takes \`${comment}\` for a part of the value of \`${name}\``,
      label: 'a part of the value',
      help: 'Write the comment into a line of its own',
      ...weaker,
    }
}
