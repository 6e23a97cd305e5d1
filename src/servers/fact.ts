export { type Fact, known, unknown } from '../../parsers/text/fact.ts'
