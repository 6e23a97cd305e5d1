import type { Place } from '../../parsers/text/source.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerRun, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { builtFiles } from './_stages.ts'
import { instructionWord } from './_instruction-word.ts'

const image = (lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM python:3.12
    ${lines}
    COPY . .
  `,
})

export default defineRule({
  summary: 'A line of a Dockerfile has no effect',
  severity: 'warning',
  otherSeverities: { info: 'where it starts a server that no later step asks' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Each `RUN` is a shell of its own, which ends with its line: the directory of `RUN cd`, the variables of `RUN export` and of `RUN source`, and the server of `RUN service … start` are gone when the next line begins. Of several `CMD` or `ENTRYPOINT` of one stage Docker keeps the last one.',
  remedy:
    'Write `WORKDIR` for `cd`, `ENV` for `export`, and what belongs together into one `RUN` with `&&`; start one command, or a script that runs both',
  references: [
    'https://docs.docker.com/reference/dockerfile/#workdir',
    'https://docs.docker.com/reference/dockerfile/#cmd',
    'https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/',
  ],
  unproven: 'The live tests build no images; that a shell takes its directory with it, any shell shows',
  bad: [
    { title: 'a directory', files: image('«RUN» cd /app') },
    { title: 'a variable', files: image('«RUN» export DJANGO_SETTINGS_MODULE=shop.settings') },
    { title: 'an environment of Python', files: image('«RUN» . /opt/venv/bin/activate') },
    {
      title: 'a database for the next step',
      files: image(conf`
        RUN apt-get update && apt-get install -y postgresql
        «RUN» service postgresql start
        RUN psql -c 'CREATE DATABASE shop'
      `),
    },
    {
      title: 'two commands',
      files: image(conf`
        «CMD» ["python", "manage.py", "migrate"]
        CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
      `),
    },
    {
      title: 'in a Dockerfile that no compose file builds',
      files: {
        'deploy/Dockerfile': conf`
          FROM node:22
          «RUN» cd /app
          RUN npm ci
        `,
      },
    },
  ],
  good: [
    {
      title: 'what is done there',
      files: image(conf`
        RUN cd /app && pip install .
        RUN export A=b && python setup.py
        RUN . /opt/venv/bin/activate && pip install gunicorn
        RUN service postgresql start && psql -c 'CREATE DATABASE shop'
      `),
    },
    {
      title: 'what takes away the command of the base',
      files: image('ENTRYPOINT []\nENTRYPOINT ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]'),
    },
    {
      title: 'what takes away its own entry point again',
      files: image('ENTRYPOINT ["napari"]\nCMD gunicorn shop.wsgi\nENTRYPOINT []'),
    },
    {
      title: 'a command in each stage',
      files: image(conf`
        CMD ["python"]
        FROM python:3.12-slim
        CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
      `),
    },
    {
      title: 'the directory in which every step begins',
      files: image(conf`
        WORKDIR /srv/app
        RUN cd /srv/app/
        RUN pip install .
      `),
    },
    {
      title: 'the way back from where the step before ended',
      files: image(conf`
        RUN cd bedtools && make
        RUN cd ..
        RUN ls
      `),
    },
    {
      title: 'a file that is cut at its marks, each part of which is built',
      files: image(conf`
        ENTRYPOINT ["/usr/sbin/init"]
        # test: boots.sh
        RUN systemctl set-default multi-user.target
        ENTRYPOINT ["/usr/local/sbin/init"]
        # test: serves.sh
      `),
    },
    {
      title: 'alternatives of which a preprocessor leaves one',
      files: image(conf`
        #if DEVELOPMENT
        CMD ["python", "manage.py", "runserver", "0.0.0.0:8000"]
        #else
        CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        #endif
      `),
    },
    { title: 'a directory that has to be there', files: image('RUN cd /app || exit 1; ls') },
  ],
  *check(deployment) {
    for (const { dockerfile } of builtFiles(deployment)) {
      for (const stage of dockerfile.stages) {
        for (const run of stage.runs) {
          const lost = lostWith(run, stage)
          if (lost !== null) yield { at: instructionWord(run.at), ...lost }
        }
        for (const { at, kind, by } of stage.replaced) {
          // `ENTRYPOINT []` takes that of the base away, or on purpose one of its own, so that `CMD` runs as it is.
          if ([at, by].some(isEmpty)) continue
          if (CUT.test(at.source.code.slice(at.end, by.start))) continue
          yield {
            at: instructionWord(at),
            message: `Docker keeps the last \`${kind}\` of a stage, and this one is never started`,
            label: 'replaced',
            related: [{ at: instructionWord(by), message: 'the one that holds' }],
            help: `Leave one \`${kind}\`, or start a script that does both`,
          }
        }
      }
    }
  },
})

/** A comment at which a script cuts the file, to build what stands above it, and lines of a preprocessor. */
const CUT =
  /^[ \t]*#+[ \t]*(?:(?:test|part|cut|split|stage)s?:[ \t]*\S|(?:else|elif|elifdef)\b[ \t]*\w*$|.*(?:8<|>8))/m

function isEmpty({ source, start }: Place): boolean {
  return /^\w+\s+\[\s*\]/.test(source.code.slice(start, start + 30))
}

const STARTS =
  /^(?:sudo\s+)?(?:service\s+([\w@.-]+)\s+(?:start|restart|reload)|(?:\/etc\/init\.d\/|systemctl\s+(?:re)?start\s+)([\w@.-]+)(?:\s+(?:re)?start)?)$/
/** Programs that connect to a server of the same machine. */
const CLIENTS = /\b(?:mysql|mariadb|psql|createdb|createuser|mongo|mongosh|redis-cli|rabbitmqctl)\b/

/** `cd`, `cd ..`, `cd -`, `cd ../..`. */
const BACK = /^cd(?:\s+(?:-|~|\.\.(?:\/\.\.)*)\/?)?$/

/** What a step leaves behind nowhere; null where it does more. */
function lostWith(
  { command, documents, at }: DockerRun,
  { runs, workingDirectory }: DockerStage,
): {
  readonly message: string
  readonly label: string
  readonly severity?: 'info'
  readonly help: string
} | null {
  if (command.form === 'exec' || documents.length > 0) return null
  const parts = commandText(command)
    .trim()
    .split(/\s*(?:&&|;)\s*/)
    .filter(part => part !== '')
  if (parts.length === 0) return null
  const every = (pattern: RegExp): boolean => parts.every(part => pattern.test(part))
  if (every(/^cd(?:\s+[\w./~${}-]+)?$/)) {
    // Whoever goes back from where the step before ended is where every step begins.
    const before = runs.findLast(run => run.at.start < at.start)
    if (every(BACK) && before !== undefined && /\bcd\s/.test(commandText(before.command))) return null
    // The next step begins there anyway.
    const directory = /^cd\s+(\S+?)\/?$/.exec(parts.at(-1) ?? '')?.[1]
    if (workingDirectory?.known === true && directory === workingDirectory.value.replace(/\/$/, ''))
      return null
    return {
      message: 'the directory ends with this line: the next step begins where this one did',
      label: 'no effect',
      help: 'Write `WORKDIR` in place of `RUN cd`',
    }
  }
  if (every(/^(?:export\s+\w+=(?:"[^"]*"|'[^']*'|[^\s|&><]*)(?:\s+\w+=\S*)*|\w+=[^\s|&><()`]*)$/))
    return {
      message: 'the variable ends with this line: neither the next step nor the container has it',
      label: 'no effect',
      help: 'Write `ENV` in place of `RUN export`',
    }
  if (every(/^(?:source|\.)\s+[\w./~${}-]+$/))
    return {
      message: 'what the file sets ends with this line: neither the next step nor the container has it',
      label: 'no effect',
      help: 'Read it in the line that needs it, with `&&`, or write what it sets as `ENV`',
    }
  const started = parts.map(part => STARTS.exec(part))
  const [first] = started
  if (first == null || !started.every(match => match !== null)) return null
  const isAsked = runs.some(run => run.at.start > at.start && CLIENTS.test(commandText(run.command)))
  return {
    ...(!isAsked && { severity: 'info' as const }),
    message: `\`${first[1] ?? first[2]}\` ends with this line: neither the next step nor the container has it running`,
    label: 'no effect',
    help: 'Start it in the line that needs it, and in the command of the container',
  }
}
