export { type Fact, known, unknown, valueOrNull } from '../../parsers/text/fact.ts'
