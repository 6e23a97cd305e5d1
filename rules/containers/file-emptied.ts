import { emptiedFiles } from '../../parsers/shell/emptied-file.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { shellTexts } from './_shell-texts.ts'
import { startedIn } from './_started-words.ts'

const command = (script: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    nginx: `command: ["sh", "-c", "${script} && nginx -g 'daemon off;'"]`,
  }),
  'nginx/site.conf': siteTo('web:8000'),
})
const script = (line: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
  'nginx/Dockerfile': conf`
    FROM nginx:1.27
    COPY start.sh /start.sh
    ENTRYPOINT ["/start.sh"]
  `,
  'nginx/start.sh': conf`
    #!/bin/sh
    set -e
    ${line}
    exec nginx -g 'daemon off;'
  `,
  'nginx/site.conf': siteTo('web:8000'),
})
const SITE = '/etc/nginx/conf.d/default.conf'

export default defineRule({
  summary: 'A container empties the file that it means to fill in',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The shell opens the file behind `>`, and empties it, before it starts the program. `envsubst < site.conf > site.conf` reads an empty file and writes one: nginx has no server, or does not start, and the next start of the container finds nothing more to fill in.',
  remedy: 'Read from a template that stays: `envsubst < site.conf.template > site.conf`; or use `sed -i`',
  references: [
    'https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07_02',
    'https://hub.docker.com/_/nginx',
  ],
  unproven: 'The live tests start no containers; in any shell `cat < a > a` leaves nothing of `a`',
  bad: [
    { title: 'in the command', files: command(`envsubst < ${SITE} > «${SITE}»`) },
    {
      title: 'in the script that starts it',
      files: script(`envsubst '$APP_HOST' < /etc/nginx/nginx.conf > «/etc/nginx/nginx.conf»`),
    },
    { title: 'by sed', files: script(`sed "s/__HOST__/$APP_HOST/" ${SITE} > «${SITE}»`) },
    {
      title: 'when the image is built',
      files: {
        ...script('nginx -t'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          RUN sed 's/80/8080/' ${SITE} > «${SITE}» \
              && nginx -t
        `,
      },
    },
  ],
  good: [
    { title: 'from a template', files: command(`envsubst < ${SITE}.template > ${SITE}`) },
    { title: 'in place', files: script(`sed -i "s/__HOST__/$APP_HOST/" ${SITE}`) },
    {
      title: 'by way of another file',
      files: script(`envsubst < ${SITE} > /tmp/new && mv /tmp/new ${SITE}`),
    },
    { title: 'behind what is there', files: script(`cat ${SITE} >> ${SITE}`) },
    { title: 'a comment', files: script(`# envsubst < ${SITE} > ${SITE}`) },
  ],
  *check(deployment) {
    for (const started of startedIn(deployment))
      for (const text of shellTexts(started))
        for (const { command, file, start, end } of emptiedFiles(text.text))
          yield finding(placeOf(sliceWritten(text, start, end)), command, file)
  },
})

function finding(at: Place, command: string, file: string) {
  return {
    at,
    message: `the shell empties \`${file}\` before \`${command}\` reads it`,
    label: 'written before it is read',
    ...(command === 'sed' && { help: `Write \`sed -i … ${file}\`` }),
  }
}
