import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundle } from '../../tools/bundle.ts'

mkdirSync('node_modules/.cache', { recursive: true })
const directory = mkdtempSync(resolve('node_modules/.cache/deploy-audit-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
await bundle(directory)

/** The program as it is installed: it starts in a tenth of the time that its sources take. */
export const BUILT_PROGRAM = join(directory, 'deploy-audit.js')
