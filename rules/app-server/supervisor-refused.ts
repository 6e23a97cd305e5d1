import type { SupervisorProblem } from '../../parsers/supervisor/check-supervisor.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { behindNginx } from './_examples.ts'

const program = (lines: string, command = '/opt/shop/bin/gunicorn shop.wsgi'): Record<string, string> => ({
  ...behindNginx(''),
  'etc/systemd/system/shop.service': '',
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:shop]
    command=${command}
    directory=/etc/shop
    ${lines}
  `,
})
const group = (programs: string): Record<string, string> => ({
  ...program(`\n[group:site]\nprograms=${programs}`),
  'etc/supervisor/supervisord.conf': conf`
    [supervisord]
    logfile=/var/log/supervisor/supervisord.log
    [include]
    files = /etc/supervisor/conf.d/*.conf
  `,
})
const logged = (lines: string, log: string): Record<string, string> => ({
  ...program(lines),
  'etc/supervisor/supervisord.conf': conf`
    [supervisord]
    nodaemon=true
    logfile=${log}
    [include]
    files = /etc/supervisor/conf.d/*.conf
  `,
})

export default defineRule({
  summary: 'supervisord refuses its configuration, or reads an environment in another way',
  severity: 'error',
  otherSeverities: {
    warning:
      'where it starts the program with another value of a variable, passes over files or sections, or fails at the output of a program',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'supervisord stops at the first line that it cannot read, and then starts none of its programs; `supervisorctl update` answers with the error. Every value goes through the `%` operator of Python, so a per cent sign is written twice. In `environment=` a value without quotes ends at the first character that is neither a letter nor a digit nor one of `_/.+-():`, so that `a.org,b.org`, a password with `@` or an URL with `?` is more than one, and what stands behind `#` is a comment.',
  remedy: 'Write `NAME="value"`, with quotes, and `%%` for a per cent sign',
  references: [
    'https://supervisord.org/configuration.html#program-x-section-values',
    'https://supervisord.org/configuration.html#environment-variables',
  ],
  unproven: 'The live tests start what supervisord would start by themselves',
  bad: [
    {
      title: 'a list without quotes',
      files: program('environment=HOSTS=example.org,«www.example.org»,DEBUG=0'),
    },
    {
      title: 'a password of an URL',
      files: program('environment=DATABASE_URL=postgres://shop:secret@«db/shop»'),
    },
    { title: 'variables without commas', files: program('environment=A=1 B«=»2') },
    { title: 'a value that ends early', files: program('environment=HOOK=https://example.org/«?»a=1') },
    { title: 'a value with a number sign', files: program('environment=COLOUR=white«#»fff') },
    { title: 'a quote that is not closed', files: program('environment=A=«"»1,B=2') },
    { title: 'a per cent sign of a password', files: program('environment=KEY="8x«%d»Q2"') },
    {
      title: 'a date',
      files: program('stdout_logfile=/var/log/shop-«%Y».log'),
    },
    { title: 'a name that supervisord does not have', files: program('environment=N="«%(proc_num)s»"') },
    { title: 'several processes of one name', files: program('numprocs=«4»') },
    { title: 'a boolean that is none', files: program('autostart=«always»') },
    { title: 'a time with its unit', files: program('stopwaitsecs=«30s»') },
    { title: 'a restart of systemd', files: program('autorestart=«on-failure»') },
    { title: 'a group without its processes', files: program('stopasgroup=true\nkillasgroup=«false»') },
    { title: 'an account and its group', files: program('user=«www-data:www-data»') },
    { title: 'a signal that is none', files: program('stopsignal=«SIGQUITT»') },
    { title: 'exit codes without commas', files: program('exitcodes=«0 2»') },
    { title: 'a size of another program', files: program('stdout_logfile_maxbytes=«50M»') },
    { title: 'a listener of nothing', files: program('\n«[eventlistener:mail]»\ncommand=/usr/bin/mail') },
    {
      title: 'a level that is none, and an include that no file has',
      files: {
        ...program(''),
        'etc/supervisor/supervisord.conf': conf`
          [supervisord]
          loglevel=«verbose»
          [include]
          files = «/etc/supervisor/conf.d/*.ini»
        `,
      },
    },
    {
      title: 'a section of another name, and one that is there twice',
      files: program(conf`

        «[programs:worker]»
        command=/opt/shop/bin/worker

        «[program:shop]»
        command=/opt/shop/bin/gunicorn shop.admin
      `),
    },
    {
      title: 'a file that was copied, and its program not renamed',
      files: {
        'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'deploy/supervisor/conf.d/shop.conf': '[program:shop]\ncommand=/opt/shop/bin/gunicorn shop.wsgi\n',
        'deploy/supervisor/conf.d/worker.conf':
          '«[program:shop]»\ncommand=/opt/shop/bin/celery -A shop worker\n',
      },
    },
    {
      title: 'output that goes to the log of a container',
      files: logged('stdout_logfile=«/dev/stdout»\nredirect_stderr=true', '/dev/null'),
    },
    {
      title: 'the log of supervisord itself in that of a container',
      files: logged('stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0', '«/dev/stdout»'),
    },
    { title: 'a program that no section has', files: group('shop,«shop-worker»') },
  ],
  good: [
    {
      title: 'programs of one name for two machines',
      files: {
        'web/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'web/supervisor/web.conf': '[program:shop]\ncommand=/opt/shop/bin/gunicorn shop.wsgi\n',
        'jobs/supervisor/jobs.conf': '[program:shop]\ncommand=/opt/shop/bin/celery -A shop worker\n',
      },
    },
    {
      title: 'values between quotes',
      files: program(
        'environment=HOSTS="example.org,www.example.org",DATABASE_URL="postgres://shop:secret@db/shop?a=1#b",\n    DEBUG=0',
      ),
    },
    {
      title: 'a value of no special characters',
      files: program('environment=PATH=/opt/shop/bin:/usr/bin,A=(1)'),
    },
    { title: 'a comma at the end', files: program('environment=A="1",B="2",') },
    { title: 'a comment', files: program('environment=A="1" ; the first') },
    { title: 'two per cent signs', files: program('environment=KEY="8x%%dQ2"') },
    {
      title: 'an account, a signal by its short name, exit codes and sizes',
      files: program('user=www-data\nstopsignal=quit\nexitcodes=0,2\nstdout_logfile_maxbytes=50MB'),
    },
    {
      title: 'names that supervisord has',
      files: program(
        conf`
          process_name=%(program_name)s_%(process_num)02d
          numprocs=4
          stdout_logfile=%(here)s/%(group_name)s-%(ENV_USER)s.log
          environment=HOST="%(host_node_name)s",LANG=%(ENV_LANG)s
        `,
      ),
    },
    {
      title: 'values that it takes',
      files: program(
        conf`
          autostart=True
          autorestart=unexpected
          stopwaitsecs=30
          stopasgroup=true
          killasgroup=true
          umask=022
        `,
      ),
    },
    { title: 'a placeholder', files: program('environment={{ shop_environment }}\nnumprocs={{ workers }}') },
    {
      title: 'a program in two ways, of which one is installed',
      files: {
        'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'deploy/supervisor/conf.d/shop.conf': '[program:shop]\ncommand=/opt/shop/bin/gunicorn shop.wsgi\n',
        'deploy/supervisor/conf.d/shop-dev.conf':
          '[program:shop]\ncommand=/opt/shop/bin/gunicorn --reload shop.wsgi\n',
      },
    },
    {
      title: 'main files of two daemons, of which one turns its log over',
      files: {
        'deploy/site.conf': proxiedServer('', '127.0.0.1:8000'),
        'deploy/supervisord.conf': conf`
          [supervisord]
          logfile=/tmp/supervisord.log
          logfile_maxbytes=50MB
          [program:shop]
          command=/opt/shop/bin/gunicorn shop.wsgi
        `,
        'tests/supervisord.conf': conf`
          [supervisord]
          nodaemon=true
          logfile=/dev/stdout
          [program:shop]
          command=/opt/shop/bin/gunicorn shop.wsgi
        `,
      },
    },
    {
      title: 'output of no end',
      files: logged(
        'stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\nstderr_logfile=syslog',
        '/dev/stdout\nlogfile_maxbytes=0',
      ),
    },
    { title: 'programs that are there', files: group('shop') },
    { title: 'a key that is not read', files: program('description=100% of the shop') },
  ],
  *check({ supervisors }) {
    for (const { problems } of supervisors) {
      for (const problem of problems) {
        const { at, code, other } = problem
        yield {
          at,
          ...(GOES_ON.has(code) && { severity: 'warning' as const }),
          ...(other !== undefined && { related: [{ at: other, message: 'the other one' }] }),
          ...textsOf(problem),
        }
      }
    }
  },
})

/** What supervisord says nothing of. */
const GOES_ON: ReadonlySet<SupervisorProblem['code']> = new Set([
  'environment-cut',
  'include-matches-none',
  'section-ignored',
  'section-twice',
  'log-not-seekable',
])

interface Texts {
  readonly message: string
  readonly label: string
  readonly help?: string
}

function textsOf({ code, about }: SupervisorProblem): Texts {
  const quotes = 'Put the value between quotes: `NAME="value"`'
  switch (code) {
    case 'badly-formatted':
      return {
        message: `supervisord does not start, for \`%\` begins an expansion: Format string for '${about}' is badly formatted`,
        label: 'no expansion',
        help: 'Write `%%` for a per cent sign',
      }
    case 'unknown-expansion':
      return {
        message: `supervisord does not start: the value contains names ('${about}') which cannot be expanded`,
        label: 'no such name',
      }
    case 'environment-not-pairs':
      return {
        message: `supervisord does not start, for ${about === '' ? 'this is no `NAME=value`' : `the value of \`${about}\` ends before this`}: Unexpected end of key/value pairs`,
        label: 'no `NAME=value`',
        help: quotes,
      }
    case 'environment-quote-open':
      return {
        message: 'supervisord does not start, for this quote is not closed: No closing quotation',
        label: 'opened here',
      }
    case 'environment-cut':
      return {
        message: `the value ends before \`${about}\`, which supervisord leaves out${about === '#' ? ' with the rest of the line' : ''}`,
        label: 'not read',
        help: quotes,
      }
    case 'no-process-num':
      return {
        message:
          'supervisord does not start: %(process_num) must be present within process_name when numprocs > 1',
        label: 'all of one name',
        help: 'Write `process_name=%(program_name)s_%(process_num)02d`',
      }
    case 'kill-without-group':
      return {
        message: 'supervisord does not start: Cannot set stopasgroup=true and killasgroup=false',
        label: 'beside `stopasgroup`',
      }
    case 'not-boolean':
      return {
        message: `supervisord does not start: \`${about}\` is not a valid boolean value`,
        label: 'no boolean',
      }
    case 'not-integer':
      return {
        message: `supervisord does not start: \`${about}\` is not a valid integer`,
        label: 'no number',
      }
    case 'not-octal':
      return {
        message: `supervisord does not start: \`${about}\` can not be converted to an octal type`,
        label: 'not octal',
      }
    case 'not-autorestart':
      return {
        message: "supervisord does not start: invalid 'autorestart' value",
        label: '`true`, `false` or `unexpected`',
      }
    case 'not-account':
      return {
        message: `supervisord does not start: Invalid user name ${about}`,
        label: 'no name of an account',
        help: 'Write the account alone: supervisord takes its groups',
      }
    case 'not-signal':
      return {
        message: 'supervisord does not start: not a valid signal name',
        label: 'no signal',
      }
    case 'not-exitcodes':
      return {
        message: 'supervisord does not start: not a valid list of exit codes',
        label: 'no numbers with commas',
      }
    case 'not-bytes':
      return {
        message: `supervisord does not start, for \`${about}\` takes \`KB\`, \`MB\` or \`GB\`: invalid literal for int()`,
        label: 'no size',
      }
    case 'not-level':
      return {
        message: 'supervisord does not start: bad logging level name',
        label: 'no level',
        help: 'Write `critical`, `error`, `warn`, `info`, `debug` or `trace`',
      }
    case 'no-events':
      return {
        message: `supervisord does not start: [${about}] section requires an "events" line`,
        label: 'no `events`',
      }
    case 'include-matches-none':
      return {
        message: `supervisord reads no file of this name, and starts nothing of \`${about}\`, which lies there`,
        label: 'no such file',
        help: `Write a pattern that \`${about}\` has`,
      }
    case 'no-command':
      return {
        message: 'supervisord does not start: the program section does not specify a command',
        label: 'no `command`',
      }
    case 'section-ignored':
      return {
        message: `supervisord passes over a section of this name, and starts nothing of it: a ${about} is \`[${about}:…]\``,
        label: 'not read',
      }
    case 'section-twice':
      return {
        message: `\`${about}\` has two sections, of which supervisord makes one program: the command of one of them is never started`,
        label: 'of the same name',
        help: 'Give each program a name of its own',
      }
    case 'log-not-seekable':
      return {
        message: `supervisord means to turn to another file at a size, and fails at each line that the program writes: uncaptured python exception, closing channel: Illegal seek`,
        label: 'no file that ends',
        help: `Write \`${about}=0\``,
      }
    case 'main-log-not-seekable':
      return {
        message: 'supervisord does not start, for it means to turn to another file at a size: Illegal seek',
        label: 'no file that ends',
        help: `Write \`${about}=0\``,
      }
    case 'unknown-program':
      return {
        message: `supervisord does not start, for no section has \`${about}\`: names unknown program or fcgi-program`,
        label: 'no such program',
      }
  }
}
