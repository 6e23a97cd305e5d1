import { posix } from 'node:path'
import { unwrapCommand } from '../../parsers/app-server/unwrap.ts'
import { readCrontab } from '../../parsers/cron/read-crontab.ts'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Machine, StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { jobsOfRoot } from './_crontabs.ts'

const SHOP = {
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/shop/app/public;
      location / {
          try_files $uri =404;
      }
    `),
  ),
  'srv/shop/app/artisan': '<?php\n',
  'srv/shop/app/public/robots.txt': '',
}
const unit = (command: string, lines = ''): Record<string, string> => ({
  ...SHOP,
  'etc/systemd/system/shop-queue.service': conf`
    [Unit]
    Description=shop queue
    [Service]
    User=shop
    ${lines}
    ExecStart=${command}
  `,
})
const supervised = (command: string, lines = ''): Record<string, string> => ({
  ...SHOP,
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:queue]
    command=${command}
    user=shop
    ${lines}
  `,
})
const cron = (line: string): Record<string, string> => ({ ...SHOP, 'etc/cron.d/shop': `${line}\n` })

export default defineRule({
  summary: 'A script is started where it does not lie',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'systemd starts a program in `/` unless `WorkingDirectory=` says otherwise, supervisord in its own directory unless `directory=` does, and cron in the home of the account, or in the `HOME=` of its table. An interpreter looks for its script from there: `Could not open input file: artisan`, `can’t open file ’manage.py’`, `Cannot find module`. The service ends at once and is started again for ever; the job of cron does nothing.',
  remedy:
    'Write the whole path of the script, or set the directory: `WorkingDirectory=`, `directory=`, `cd /srv/shop && …`',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#WorkingDirectory=',
    'https://supervisord.org/configuration.html#program-x-section-values',
    'https://man7.org/linux/man-pages/man5/crontab.5.html',
  ],
  unproven: 'The live tests start neither systemd nor supervisord nor cron',
  bad: [
    { title: 'a unit without a directory', files: unit('/usr/bin/php «artisan» queue:work --tries=3') },
    { title: 'a program of supervisord', files: supervised('php «artisan» queue:work') },
    {
      title: 'a management command of Django',
      files: unit('/srv/shop/venv/bin/python -u «manage.py» consume_orders'),
    },
    {
      title: 'the directory above the project',
      files: unit('/usr/bin/php «/srv/shop/artisan» queue:work'),
    },
    {
      title: 'a directory below it',
      files: unit('/usr/bin/php «artisan» queue:work', 'WorkingDirectory=/srv/shop/app/public'),
    },
    { title: 'a job of root', files: cron('* * * * * root php «artisan» schedule:run') },
  ],
  good: [
    {
      title: 'the directory of the project',
      files: unit('/usr/bin/php artisan queue:work', 'WorkingDirectory=/srv/shop/app'),
    },
    { title: 'the whole path', files: supervised('php /srv/shop/app/artisan queue:work') },
    { title: 'a project outside of the audit', files: supervised('php /srv/blog/artisan queue:work') },
    { title: 'a module', files: unit('/srv/shop/venv/bin/python -m shop.consume') },
    {
      title: 'a directory that nobody knows',
      files: unit('/usr/bin/php artisan queue:work', 'WorkingDirectory=~'),
    },
    {
      title: 'another root',
      files: unit('/usr/bin/php artisan queue:work', 'RootDirectory=/srv/shop/app'),
    },
    {
      title: 'cron changes the directory',
      files: cron('* * * * * root cd /srv/shop/app && php artisan schedule:run'),
    },
    {
      title: 'cron starts in the directory of the table',
      files: cron('HOME=/srv/shop/app\n* * * * * root php artisan schedule:run'),
    },
    {
      title: 'a main file of supervisord in a project',
      files: {
        'shop/site.conf': nginxServer('return 204;'),
        'shop/artisan': '#!/usr/bin/env php\n',
        'shop/supervisord.conf': conf`
          [supervisord]
          nodaemon=true

          [program:queue]
          command=php artisan queue:work
        `,
      },
    },
    { title: 'a script in the home of its account', files: cron('0 3 * * * shop python3 report.py') },
  ],
  *check({ commands, machines }) {
    for (const started of commands) yield* ofStarted(started)
    for (const machine of machines) if (machine.container === null) yield* ofCron(machine)
  },
})

interface Script {
  /** `php`, `python`, `node`. */
  readonly interpreter: string
  readonly word: WrittenText
}

const INTERPRETER = /^(php|python|node|nodejs)[\d.]*$/
/** Options that are followed by a value, and those after which no script comes. */
const WITH_VALUE = /^-(?:[dWX]|c)$/
const WITHOUT_SCRIPT = /^-(?:m|r|e|p|S)$|^--(?:eval|print|run)$/

function scriptOf(words: readonly WrittenText[]): Script | null {
  const [program, ...args] = words
  const interpreter = INTERPRETER.exec(posix.basename(program?.text ?? ''))?.[1]
  if (interpreter === undefined) return null
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    if (WITHOUT_SCRIPT.test(word.text) || (interpreter === 'python' && word.text === '-c')) return null
    if (WITH_VALUE.test(word.text)) index++
    else if (!word.text.startsWith('-')) return isPlain(word.text) ? { interpreter, word } : null
  }
  return null
}

function isPlain(path: string): boolean {
  return (
    /^[\w./-]+$/.test(path) &&
    !isUnknownWord(path) &&
    /(?:\.(?:php|py|[cm]?js)|^(?:.*\/)?(?:artisan|bin\/console))$/.test(path)
  )
}

function* ofStarted({ machine, by, words, rest, directory, service }: StartedCommand): Iterable<RuleFinding> {
  if (machine.container !== null || rest !== null || by === 'PM2' || by === 'container') return
  // Python is what starts a program to those who look for that, and the program here.
  const script =
    scriptOf(words) ?? scriptOf(unwrapCommand({ words, directory: null, environment: () => null }).words)
  if (script === null || (directory !== null && !directory.known)) return
  const { text } = script.word
  if (service !== null && hasOtherRoot(script.word)) return
  const home = directory?.value ?? '/'
  const path = posix.resolve(home, text)
  if (machine.files.kind(path) !== null) return
  const isInRoot = home === '/' && !text.startsWith('/')
  if (isInRoot && by === 'supervisord' && isStartedAnywhere(placeOf(script.word).source)) return
  const other = isInRoot ? null : elsewhere(path, machine.files)
  if (other === null && !isInRoot) return
  yield {
    at: placeOf(script.word),
    message:
      other === null
        ? `${by} starts this in \`/\`, where there is no \`${text}\`: ${errorOf(script, path)}`
        : `there is no \`${path}\`, as the script is \`${other}\`: ${errorOf(script, path)}`,
    label: other === null ? 'looked for in `/`' : 'not there',
  }
}

/** True for a main file that lies in a project: supervisord starts where whoever starts it with `-c` is. */
function isStartedAnywhere({ path, code }: Source): boolean {
  return !path.startsWith('/etc/') && /^\[supervisord\]/m.test(code)
}

/** What a unit says of another file system: nothing that is seen here need be there. */
function hasOtherRoot(word: WrittenText): boolean {
  return /^[ \t]*(?:RootDirectory|RootImage|BindPaths|BindReadOnlyPaths)[ \t]*=/m.test(
    placeOf(word).source.text,
  )
}

function errorOf({ interpreter, word }: Script, path: string): string {
  if (interpreter === 'php') return `\`Could not open input file: ${word.text}\``
  return interpreter === 'python' ? `\`can't open file '${path}'\`` : `\`Cannot find module '${path}'\``
}

/** The one file of the name in a directory above, or in one below the directory that should have it. */
function elsewhere(path: string, files: FileSystem): string | null {
  const name = path.endsWith('/bin/console') ? 'bin/console' : posix.basename(path)
  const directory = path.slice(0, -name.length - 1) || '/'
  if (directory.split('/').length < 3 || files.kind(directory) !== 'directory') return null
  const above = posix.dirname(directory)
  const beside = (files.list(directory) ?? []).map(entry => posix.join(directory, entry.name))
  const [found, ...others] = [...(above.split('/').length < 3 ? [] : [above]), ...beside]
    .map(each => posix.join(each, name))
    .filter(each => files.kind(each) === 'file')
  return found === undefined || others.length > 0 ? null : found
}

const JOB =
  /^(?:\S*\/)?(php|python)[\d.]*[ \t]+(?:-[A-Za-z][ \t]+)*(artisan|bin\/console|manage\.py)(?=[ \t]|$)/

/** A job of root whose directory is `/root`, where nobody keeps a project. */
function* ofCron({ files }: Machine): Iterable<RuleFinding> {
  for (const { command } of jobsOfRoot(files)) {
    const [whole, interpreter, script] = JOB.exec(command.text) ?? []
    if (whole === undefined || script === undefined || setsHome(command.at.source)) continue
    if (files.kind(posix.join('/root', script)) !== null) continue
    const end = command.at.start + whole.length
    const error =
      interpreter === 'php' ? `Could not open input file: ${script}` : `can't open file '/root/${script}'`
    yield {
      at: { source: command.at.source, start: end - script.length, end },
      message: `cron starts this in \`/root\`, where there is no \`${script}\`: \`${error}\``,
      label: 'looked for in `/root`',
    }
  }
}

/** `HOME=/srv/shop`, to which cron changes in place of the home of the account. */
function setsHome(source: Source): boolean {
  return readCrontab(source, true).variables.some(({ name }) => name === 'HOME')
}
