import { posix } from 'node:path'
import type { LogrotateBlock, LogrotateFile, LogrotateLine } from '../../parsers/logrotate/read-logrotate.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { matchesName } from '../../parsers/wildcard/libc-fnmatch.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Machine, NginxProgram, Program } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { logrotateFiles } from './_logrotate-files.ts'

const rotated = (lines: string, logs = '/var/log/nginx/*.log'): Record<string, string> => ({
  'etc/nginx/nginx.conf': `pid /run/nginx.pid;\n${nginxMain(
    nginxServer('access_log /var/log/nginx/access.log;\nreturn 204;'),
  )}`,
  'etc/logrotate.d/nginx': conf`
    ${logs} {
        daily
        rotate 14
        ${lines}
    }
  `,
})
const TOLD = conf`
  sharedscripts
  postrotate
      [ -f /run/nginx.pid ] && kill -USR1 \`cat /run/nginx.pid\`
  endscript
`

export default defineRule({
  summary: 'logrotate renames the log of a server that goes on writing to it, or rotates nothing',
  severity: 'warning',
  otherSeverities: { info: 'of an option that logrotate does not know, which it leaves out' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A server keeps its log open. Renamed by logrotate, the file goes on growing below its new name, the new one stays empty, and what is deleted in the end still takes its space until the server ends. It has to be told: `kill -USR1` of nginx and gunicorn, a reload of Apache, or `copytruncate`. A `postrotate` that asks for another file of the process number tells nobody. And a section with a size or a word that logrotate does not read is skipped, as is one with a script that nothing ends, with all behind it: then the logs grow until the disk is full. A line of an option that it does not know is left out alone.',
  remedy:
    'Write a `postrotate` that has the server open its logs again, such as `kill -USR1 $(cat /run/nginx.pid)`',
  references: [
    'https://nginx.org/en/docs/control.html#logs',
    'https://manpages.debian.org/bookworm/logrotate/logrotate.8.en.html',
    'https://docs.gunicorn.org/en/stable/deploy.html#logging',
  ],
  unproven: 'The live tests rotate no logs',
  bad: [
    { title: 'nobody tells nginx', files: rotated('compress', '«/var/log/nginx/*.log»') },
    {
      title: 'nobody tells gunicorn',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn --access-logfile /var/log/shop/access.log shop.wsgi:application'),
        {
          'etc/logrotate.d/shop': conf`
            «/var/log/shop/*.log» {
                weekly
                create 640 www-data adm
            }
          `,
        },
      ),
    },
    {
      title: 'another file of the process number',
      files: rotated(conf`
        postrotate
            [ -f «/run/nginx/nginx.pid» ] && kill -USR1 \`cat /run/nginx/nginx.pid\`
        endscript
      `),
    },
    { title: 'a keyword that is none', files: rotated(`«missing_ok»\n${TOLD}`) },
    {
      title: 'an option with a slip, of which the line alone is left out',
      files: rotated(`«compres»\n${TOLD}`),
    },
    { title: 'a size in words of nobody', files: rotated(`size «100MB»\n${TOLD}`) },
    {
      title: 'a script that nothing ends',
      files: rotated(conf`
        «postrotate»
            kill -USR1 \`cat /run/nginx.pid\`
      `),
    },
  ],
  good: [
    { title: 'a signal', files: rotated(TOLD) },
    { title: 'a copy', files: rotated('copytruncate') },
    {
      title: 'a reload of the service',
      files: rotated(conf`
        maxsize 100M
        lastaction
            systemctl reload nginx
        endscript
      `),
    },
    {
      title: 'a copy for all',
      files: { ...rotated('compress'), 'etc/logrotate.conf': 'copytruncate\ninclude /etc/logrotate.d\n' },
    },
    {
      title: 'cron tells nginx',
      files: {
        ...rotated('compress'),
        'etc/cron.d/nginx': '5 0 * * * root /usr/sbin/nginx -s reopen\n',
      },
    },
    { title: 'logs of something else', files: rotated('compress', '/var/log/shop/*.log') },
  ],
  *check({ machines }) {
    for (const machine of machines) {
      for (const { file, globals } of logrotateFiles(machine.files)) {
        const passedOver = unended(file)
        if (passedOver !== null) yield passedOver
        else for (const block of file.blocks) yield* wrongIn(block, [...globals, ...file.globals], machine)
      }
    }
  },
})

function unended({ unended: at }: LogrotateFile): RuleFinding | null {
  return at === null
    ? null
    : {
        at,
        message:
          'no `endscript` follows, so all below belongs to the script, and logrotate rotates nothing of it: postrotate without endscript',
        label: 'nothing ends this script',
        help: 'Write `endscript` on a line of its own behind it',
      }
}

function* wrongIn(
  block: LogrotateBlock,
  globals: readonly LogrotateLine[],
  machine: Machine,
): Iterable<RuleFinding> {
  for (const line of block.lines) {
    const fault = refusedLine(line)
    if (fault === null) continue
    yield fault
    // What is skipped renames nothing.
    if (fault.severity !== 'info') return
  }
  const [pattern] = block.patterns
  const program = writerOf(block, machine)
  if (pattern === undefined || program === null) return
  if (block.scripts.length > 0) {
    if (program.kind === 'nginx') yield* otherPid(block, program)
    return
  }
  const names = [...globals, ...block.lines].map(({ name }) => name.text)
  if (names.some(name => /^(?:copytruncate|copy)$/.test(name))) return
  if (isToldElsewhere(machine.files)) return
  const server =
    program.kind === 'nginx' ? 'nginx' : program.kind === 'apache' ? 'Apache' : programName(program)
  yield {
    at: pattern.at,
    message: `nothing makes ${server} reopen its logs, so it goes on writing to the renamed files`,
    label: 'renamed below it',
    help: `Write a \`postrotate\` ${program.kind === 'apache' ? 'that reloads Apache' : 'with `kill -USR1`'}, or \`copytruncate\``,
  }
}

const SIZES = /^(?:size|minsize|maxsize)$/

/** A line for which logrotate skips the whole section, or which it leaves out alone. */
function refusedLine({ name, value }: LogrotateLine): RuleFinding | null {
  if (SIZES.test(name.text) && value !== null && /^\d+[kMG]B$/i.test(value.text))
    return {
      at: value.at,
      message: `logrotate knows no unit \`${value.text.replace(/\d+./, '')}\`, and skips the section: unknown unit`,
      label: 'no size',
      help: `Write \`${value.text.slice(0, -1)}\``,
    }
  if (KEYWORDS.has(name.text) || !/^[a-z_-]+$/i.test(name.text)) return null
  const meant = [...KEYWORDS].filter(each => isSlip(each, name.text.toLowerCase(), 1))
  if (meant.length === 0) return null
  // An option is a word of letters: any other character behind it is none that may stand there.
  const isWord = /^[a-z]+$/i.test(name.text)
  return {
    at: name.at,
    ...(isWord && { severity: 'info' as const }),
    message: isWord
      ? `logrotate knows no option \`${name.text}\`, and leaves the line out: unknown option`
      : `logrotate knows no keyword \`${name.text}\`, and skips the section: not properly separated`,
    label: 'no such keyword',
    help: `Did you mean \`${meant[0]}\`?`,
  }
}

const KEYWORDS: ReadonlySet<string> = new Set(
  `compress nocompress compresscmd uncompresscmd compressext compressoptions copy nocopy copytruncate nocopytruncate
   create nocreate createolddir nocreateolddir daily dateext nodateext dateformat dateyesterday datehourago delaycompress
   nodelaycompress extension hourly ifempty notifempty include mail nomail mailfirst maillast maxage maxsize minage minsize
   missingok nomissingok ignoreduplicates noignoreduplicates monthly weekly yearly olddir noolddir renamecopy norenamecopy
   rotate sharedscripts nosharedscripts shred noshred shredcycles size start su taboo tabooext taboopat allowhardlink
   noallowhardlink addextension weekly prerotate postrotate firstaction lastaction preremove endscript errors`
    .trim()
    .split(/\s+/),
)

/** The server that writes to a log of a section; null where none is known to. */
function writerOf({ patterns }: LogrotateBlock, { programs }: Machine): Program | null {
  const isRotated = (path: string): boolean => patterns.some(({ text }) => matchesPath(text, path))
  return programs.find(program => logsOf(program).some(isRotated)) ?? null
}

function logsOf(program: Program): readonly string[] {
  const paths: (string | undefined)[] = []
  if (program.kind === 'nginx')
    for (const name of ['access_log', 'error_log'])
      for (const { args } of program.configuration.occurrences.get(name) ?? []) paths.push(args[0]?.value)
  if (program.kind === 'apache')
    for (const name of ['customlog', 'errorlog', 'transferlog'])
      for (const { args } of program.configuration.occurrences.get(name) ?? []) paths.push(args[0]?.value)
  if (program.kind === 'app-server' && program.server.program === 'gunicorn') {
    const { settings } = program.server
    // What a configuration of logging makes of it, may open it by itself.
    if (![...settings.keys()].some(name => /^logconfig|^logger_class/.test(name)))
      for (const name of ['accesslog', 'errorlog']) {
        const value = settings.get(name)
        if (value?.known === true && typeof value.value === 'string') paths.push(value.value)
      }
  }
  // A path with a variable is opened with each line.
  return paths.flatMap(path =>
    path?.startsWith('/') && !/[$%]/.test(path) && !isUnknownWord(path) ? [path] : [],
  )
}

function matchesPath(pattern: string, path: string): boolean {
  const [parts, names] = [pattern.split('/'), path.split('/')]
  return parts.length === names.length && parts.every((part, index) => matchesName(part, names[index] ?? ''))
}

/** True where something else of the machine has a server open its logs again. */
function isToldElsewhere(files: FileSystem): boolean {
  const directories = ['/etc/cron.d', '/etc/cron.daily', '/etc/cron.hourly', '/etc/cron.weekly']
  const paths = directories.flatMap(each =>
    (files.list(each) ?? []).map(({ name }) => posix.join(each, name)),
  )
  return ['/etc/crontab', ...paths].some(path =>
    /reopen|USR1|reload|restart|rotate/.test(sourceAt(files, path)?.text ?? ''),
  )
}

/** A file of the process number that nginx does not write. */
function* otherPid({ scripts }: LogrotateBlock, { configuration }: NginxProgram): Iterable<RuleFinding> {
  const [line, ...others] = configuration.occurrences.get('pid') ?? []
  const own = line?.args[0]?.value
  if (configuration.main === null || line === undefined || own === undefined || others.length > 0) return
  if (!own.startsWith('/') || /\$/.test(own) || isUnknownWord(own)) return
  for (const { text, at } of scripts) {
    const [found, ...more] = text.matchAll(/\/[\w./-]+\.pid\b/g)
    if (found === undefined || more.some(([each]) => each !== found[0])) continue
    // Another way to tell it stands beside.
    if (/systemctl|service|invoke-rc|-s re|killall|pkill|pidof|docker|init\.d/.test(text)) continue
    if (sameRun(found[0]) === sameRun(own)) continue
    const start = at.start + found.index
    yield {
      at: { source: at.source, start, end: start + found[0].length },
      message: `nginx writes its process number to \`${own}\`, so nobody is told here, and it goes on writing to the renamed files`,
      label: 'not the file of nginx',
      related: [{ at: argumentPlace(line, 0), message: 'the file of nginx' }],
      help: `Write \`${own}\``,
    }
  }
}

/** `/var/run` is `/run`. */
function sameRun(path: string): string {
  return posix.normalize(path).replace(/^\/var\/run\//, '/run/')
}
