/**
 * Words without a meaning of their own, in English, German, French, Spanish and Japanese. They are in most messages, so a search
 * for them would find everything; left out, they take no memory. A word of another language is found like any other,
 * and weighs little if it is in most messages.
 */
const STOP_WORDS = new Set(
  `a about after again all also am an and any are as at be because been before being but by can could d did do does
  doing don down during each few for from further had has have having he her here hers him his how i if in into is it
  its just ll m me more most my no nor not now of off on once only or other our out over own re s same she should so
  some such t than that the their theirs them then there these they this those through to too under until up ve very was
  we were what when where which while who whom why will with would you your yours
  aber als am an auch auf aus bei bin bis bist da das dass dem den der des dich die dir doch du ein eine einem einen
  einer eines er es euch für hat hatte ich ihm ihn ihr im in ist ja kann man mein mich mir mit nach nicht noch nur ob
  oder sein sich sie sind so um und uns von vor war warum was weil wenn wer wie wir wird wo zu zum zur
  au aux avec ce ces cette dans de des du elle en est et eux il je la le les leur lui ma mais mes moi mon ne nous on ou
  où par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vous
  al como con cual del donde el ella en ese esta este está esto fue ha la las le lo los me mi muy más no nos o para pero
  por que qué se si sin su sus te tu un una y ya yo
  い いる か から が し した た て で です と な ない に の は へ ます まし まで も や を 何`.split(/\s+/),
);

export const isStopWord = (word: string): boolean => STOP_WORDS.has(word);
