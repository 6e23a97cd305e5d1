import { type Place, placeText } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { servicesOfCompose } from './_compose-projects.ts'
import { webWithEnvironment as tree } from './_examples.ts'

export default defineRule({
  summary: 'A variable of a container is written with a colon or a blank in a list, so that it is not set',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'An entry of a list is a name and a value with `=` between them. One without `=` is a name alone, whose value Compose takes from its own environment: `DEBUG:0` asks for a variable that is called `DEBUG:0`, nobody has one, and the container gets neither. A blank in front of the `=` belongs to the name. Compose says nothing, and the program runs with its default; since 2.34 it refuses a file with such a blank.',
  remedy: 'Write `- NAME=value`, or `NAME: value` without the dash',
  references: ['https://docs.docker.com/reference/compose-file/services/#environment'],
  unproven: 'The live tests start no containers: what a program does without the variable, it decides',
  bad: [
    { title: 'no blank behind the colon', files: tree('- «DB_HOST:db»') },
    { title: 'quotes around all of it', files: tree('- "«DB_HOST: db»"') },
    { title: 'blanks around the equals sign', files: tree('- «DB_HOST »= db') },
    { title: 'a value of Compose', files: tree('- "«DB_PORT:${DB_PORT:-5432}»"') },
  ],
  good: [
    { title: 'a map', files: tree('DB_HOST: db') },
    { title: 'an alias, which Compose refuses', files: tree('DB_PASSWORD: ******') },
    { title: 'a map whose value Compose has', files: tree('DB_HOST: null') },
    { title: 'an equals sign, and a colon behind it', files: tree('- DB_URL=postgres://db:5432/shop') },
    { title: 'a name alone', files: tree('- DB_PASSWORD') },
    { title: 'a name with a colon, as .NET has them', files: tree('- Logging:LogLevel=Debug') },
  ],
  *check(deployment) {
    for (const { environment } of servicesOfCompose(deployment))
      for (const { value, at: written } of environment) {
        const at = withBrace(written)
        const text = placeText(at)
        const blank = /^([A-Za-z_]\w*)[ \t]+=/.exec(text)
        if (blank !== null && value !== null && !text.includes('\n')) {
          const [, name = ''] = blank
          yield {
            at: { ...written, end: written.start + blank[0].length - 1 },
            message: `the blank is a part of the name, so \`${name}\` is not set, and Compose 2.34 and later refuse the file: environment variable ${name} is declared with a trailing space`,
            label: 'a name that ends in a blank',
            help: `Write \`- ${name}=…\``,
          }
          continue
        }
        const match = /^([A-Za-z_]\w*):\s*(\S.*)$/.exec(text)
        // Of what Compose puts in first, the name may be more than it shows.
        if (value !== null || match === null || /[\n=]/.test(text.replace(/\$\{[^}]*\}/g, ''))) continue
        const [, name = '', rest = ''] = match
        // Of a map, whose value is to be that of Compose's own environment, or an alias.
        if (/^(?:~|null)$|^\*/i.test(rest)) continue
        yield {
          at,
          message: `\`${name}\` is not set: without \`=\` all of this is the name of a variable, which Compose looks up in its own environment`,
          label: 'no `=`',
          help: `Write \`- ${name}=${rest}\``,
        }
      }
  },
})

/** The default of a variable is where its text ends, and its brace behind that. */
function withBrace(at: Place): Place {
  const isOpen = /\$\{[^}]*$/.test(placeText(at)) && at.source.text[at.end] === '}'
  return isOpen ? { ...at, end: at.end + 1 } : at
}
