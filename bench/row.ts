/** One measurement, with its aim. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly aim: string;
  readonly isMet: boolean;
}
