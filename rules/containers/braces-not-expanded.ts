import type { DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseImages, runImages } from './_images.ts'

const tree = (base: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web.example.net:8000'),
  'web/Dockerfile': conf`
    FROM ${base}
    WORKDIR /app
    ${lines}
    CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
  `,
})

export default defineRule({
  summary: 'A build step leaves braces to a shell that does not expand them',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker gives the line to `/bin/sh`, which is dash in images of Debian and BusyBox in those of Alpine. Neither expands `{a,b}`, as bash does: `mkdir -p storage/{cache,logs}` makes one directory that is called `{cache,logs}`, without a word. The program finds no `storage/cache`, and `chown` or `cp` of the next step ends with `No such file or directory`.',
  remedy:
    'Write each path, or give the line to bash where the image has it: `RUN bash -c \'…\'`, `SHELL ["/bin/bash", "-c"]`',
  references: [
    'https://docs.docker.com/reference/dockerfile/#shell',
    'https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06',
  ],
  unproven: 'The live tests build no images; `dash -c` makes the same directory',
  bad: [
    {
      title: 'directories, on Debian',
      files: tree(
        'python:3.12-slim',
        'RUN mkdir -p «/app/storage/{cache,logs}» && chown -R 1000 /app/storage',
      ),
    },
    {
      title: 'directories, on Alpine',
      files: tree('python:3.12-alpine', 'RUN set -e; touch «/var/log/{access,error}.log»'),
    },
  ],
  good: [
    {
      title: 'bash',
      files: tree('python:3.12-slim', `RUN bash -c 'mkdir -p /app/storage/{cache,logs}'`),
    },
    {
      title: 'a shell of its own',
      files: tree(
        'python:3.12-slim',
        conf`
          SHELL ["/bin/bash", "-c"]
          RUN mkdir -p /app/storage/{cache,logs}
        `,
      ),
    },
    {
      title: 'an image whose sh is bash',
      files: tree('almalinux:9', 'RUN mkdir -p /app/storage/{cache,logs}'),
    },
    {
      title: 'braces that are meant',
      files: tree(
        'python:3.12-slim',
        `RUN mkdir -p "/app/{a,b}" && find . -exec touch {} \\; && mkdir \${A}`,
      ),
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const { reference, image } of [
      ...runImages(deployment),
      ...looseImages(deployment).filter(({ reference }) => reference?.includes(':')),
    ]) {
      const source = image?.stage.at.source
      if (image === null || source === undefined || seen.has(source)) continue
      seen.add(source)
      const name = shellOf(reference)
      if (name === null || image.shell !== null) continue
      const runs = image.steps.filter((step): step is DockerRun => !('sources' in step))
      // What makes bash of `sh`, for some step or for all of them.
      if (runs.some(({ command }) => command.form === 'shell' && /bin\/sh\b|dash/.test(command.script.text)))
        continue
      for (const { command } of runs) {
        if (command.form !== 'shell') continue
        const { script } = command
        for (const { start, end } of bracedWords(script.text))
          yield {
            at: placeOf(sliceWritten(script, start, end)),
            message: `\`sh\` of \`${reference}\` is ${name}, which makes one path of this name: it expands no braces`,
            label: 'taken as it is',
          }
      }
    }
  },
})

const OF_DEBIAN =
  /^(?:python|node|nginx|php|ruby|golang|httpd|debian|ubuntu|pypy|perl|rust|postgres|mariadb|redis|wordpress|composer)(?::([\w.-]+)|$)/

/** What runs the lines of a build; null where nobody knows. */
function shellOf(reference: string | null): string | null {
  const official = OF_DEBIAN.exec(reference ?? '')
  if (/^alpine(?::|$)|^composer|^wordpress:cli/.test(reference ?? '') || /alpine/.test(official?.[1] ?? ''))
    return 'BusyBox'
  return official === null || /windows|nanoserver|oracle/.test(official[1] ?? '') ? null : 'dash'
}

/** Commands that make or change what their words name. */
const COMMAND =
  /(?:^|[;&|(]|\bthen\b|\bdo\b)\s*(?:sudo\s+)?(?:mkdir|touch|chown|chmod|cp|mv|rm|ln)\b([^;&|\n]*(?:\\\n[^;&|\n]*)*)/g

/** Words with braces that bash would expand, outside of quotes. */
function* bracedWords(script: string): Iterable<{ readonly start: number; readonly end: number }> {
  // Quotes keep their length, and hide what stands in them.
  const bare = script.replace(/"(?:[^"\\]|\\[\s\S])*"|'[^']*'/g, quoted => '_'.repeat(quoted.length))
  for (const match of bare.matchAll(COMMAND)) {
    const words = match[1] ?? ''
    const offset = match.index + match[0].length - words.length
    for (const { 0: word, index } of words.matchAll(/[^\s]+/g))
      if (/(?<!\$)\{[^{}\s,]*(?:,[^{}\s,]*)+\}/.test(word))
        yield { start: offset + index, end: offset + index + word.length }
  }
}
