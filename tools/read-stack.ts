/**
 * Says where in the sources the places of a stack lie that a build of this checkout printed: names in a build are short,
 * and its lines long. Check out the release that crashed, then
 *
 *     npm run --silent read-stack < STACK
 */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { relative } from 'node:path'
import { buildProgram } from './bundle.ts'
import { placeInScript, readStack } from './stack-places.ts'

const { script, sourceMap } = await buildProgram()
const map = new SourceMap(JSON.parse(sourceMap))
const lines = script.split('\n')
const stack = readStack(readFileSync(0, 'utf8'), place => {
  const { line, column } = placeInScript(lines, place)
  const entry = map.findEntry(line, column)
  return 'originalSource' in entry
    ? `${relative('.', entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    : null
})
process.stdout.write(stack)
